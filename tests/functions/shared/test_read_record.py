"""ReadRecord: the input of an execution is believed only as far as the record and the settings agree with it."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.locks_table import LocksTable
from functions.domain.errors import NotRecordedError
from functions.domain.gates import Verdict
from functions.domain.images import Image
from functions.domain.locks import Contender, Lease
from functions.domain.manifests import AfterDeploy
from functions.domain.records import PlannedChange
from functions.handler import decode, encode
from functions.shared.read_record import Output
from tests.functions.samples import COMMAND, DEPLOYMENT, ENVIRONMENT, RELEASE, SERVICE, environment
from tests.functions.stack import Stack

ARTIFACT = f"deployments/{DEPLOYMENT}/build.zip"
TESTS = AfterDeploy("e2e.yml", {"performance": {"limits": {"p95": 0.5, "errors": 1.0}}})
PLANNED = PlannedChange((COMMAND, SERVICE), ("hello/old",), TESTS, "sources/s.zip", ARTIFACT)
GATES = (Verdict("tests", "passed", "9 tests passed"),)
SETTINGS = (environment(name="test", approval=False), ENVIRONMENT)


def recorded(stack: Stack, **facts: Any) -> None:
    """A deployment that has reached production."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:deployment", "push")
    wanted = {"planned_production": PLANNED, "gates": GATES, "artifactDigest": "d" * 64}
    deployments.note(DEPLOYMENT, **{**wanted, **facts})


def read(stack: Stack, **changes: Any) -> Output:
    """Run the handler for a stage."""
    wanted = {
        "deploymentId": DEPLOYMENT,
        "release": RELEASE,
        "environment": ENVIRONMENT,
        "environments": SETTINGS,
        "planned": PLANNED,
        "gates": GATES,
    }
    return decode(Output, stack.run("shared.read_record", {**wanted, **changes}))


def test_an_input_that_agrees_is_believed(stack: Stack) -> None:
    """The answer has the release of the record and the environment of the settings, for a stage and for a rollback."""
    recorded(stack)
    assert read(stack) == read(stack, planned=None, gates=()) == Output(RELEASE, ENVIRONMENT)


def test_images_are_those_of_the_record(stack: Stack) -> None:
    """M3: the input of a stage has none, and one that has is refused."""
    images = {"hello": Image("registry/hello", "v1", "sha256:1")}
    recorded(stack, planned_production=replace(PLANNED, images=images))
    assert read(stack).release == RELEASE
    with pytest.raises(NotRecordedError, match="another plan for production"):
        read(stack, planned=replace(PLANNED, images=images))


def test_what_a_release_descends_from_is_said_by_the_record(stack: Stack) -> None:
    """R14: it ends pins; the input of a stage has none of it, and one that has is refused."""
    recorded(stack, planned_production=replace(PLANNED, descends_from=("a" * 40,)))
    assert read(stack).release == RELEASE
    with pytest.raises(NotRecordedError, match="another plan for production"):
        read(stack, planned=replace(PLANNED, descends_from=("a" * 40,)))


def test_the_settings_decide_how_an_environment_is_entered(stack: Stack) -> None:
    """Of the environment only the name is believed: approval, role, windows and freezes are those of the settings."""
    recorded(stack)
    lax = replace(ENVIRONMENT, approval=False, deploy_role_arn="arn:aws:iam::1:role/mallory")
    assert read(stack, environment=encode(lax)).environment == ENVIRONMENT


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"environment": {"name": "moon"}}, r"moon is no environment of this stack \(known: test, production\)"),
        ({"deploymentId": "main-none"}, "main-none: there is no record of such a deployment"),
        ({"release": replace(RELEASE, repository="mallory/x")}, "according to its record, not .* of mallory/x"),
        ({"release": replace(RELEASE, commit="f" * 40)}, "according to its record, not ffffffffffff"),
        ({"environment": {"name": "test"}}, "its record has no plan for test"),
        ({"planned": replace(PLANNED, parts=(SERVICE,))}, "its record has another plan for production"),
        ({"planned": replace(PLANNED, source="sources/x.zip")}, "its record has another plan for production"),
        ({"planned": replace(PLANNED, artifact="deployments/x/build.zip")}, "another plan for production"),
        ({"planned": replace(PLANNED, after_deploy=None)}, "its record has another plan for production"),
        ({"gates": ()}, "its record has other verdicts"),
    ],
)
def test_an_input_that_differs_is_refused(stack: Stack, changes: dict[str, Any], why: str) -> None:
    """The error names what differs."""
    recorded(stack)
    with pytest.raises(NotRecordedError, match=why):
        read(stack, **changes)


def test_what_no_gate_has_judged_is_refused(stack: Stack) -> None:
    """Without the digest that the gates recorded there is nothing to compare the artifact with."""
    recorded(stack, artifactDigest="")
    with pytest.raises(NotRecordedError, match=f"its record has no digest of {ARTIFACT}"):
        read(stack)


def test_a_rollback_has_the_lease_of_its_stage(stack: Stack) -> None:
    """A lease is believed while this deployment's stage holds the lock with its number."""
    recorded(stack)
    stage = stack.execution("stage", f"{DEPLOYMENT}-production")
    locks = LocksTable.connect(stack.clients)
    key = locks.key("production", RELEASE.repository)
    lease = locks.request(key, Contender(stage, DEPLOYMENT, None, "release", repository=RELEASE.repository)).lease
    assert lease is not None
    assert read(stack, planned=None, lease=lease).release == RELEASE
    for forged in (
        replace(lease, fence=lease.fence + 1),
        replace(lease, key="environment/test"),
        replace(lease, repository="mallory/x"),
        Lease(key, stack.execution("stage", "main-another-production"), lease.fence),
    ):
        with pytest.raises(NotRecordedError, match="its stage does not hold the lock of production"):
            read(stack, planned=None, lease=forged)
