"""CheckEvidence: what records say of a release and of the environment before."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.gates import Verdict
from functions.domain.images import Image
from functions.domain.manifests import own_name
from functions.domain.records import PlannedChange, StageRecord
from functions.domain.releases import Release
from functions.domain.waiting import for_soak
from tests.functions.samples import DEPLOYMENT, LEASE, OLDER, RELEASE, SERVICE, environment, state, version
from tests.functions.stack import MACHINES, Stack

GATES = (Verdict("build", "passed", "good"), Verdict("tests", "passed", "good"))
INTEGRATED = (Verdict("integration", "passed", "good"),)
TEST = environment(name="test", demanded_gates=["tests", "integration"])
PRODUCTION = environment(demanded_gates=["tests"])
PLANNED = PlannedChange((SERVICE,), source="s.zip", artifact=f"builds/{RELEASE.repository}/build/{DEPLOYMENT}/b.zip")


@pytest.fixture
def deployments(stack: Stack) -> DeploymentsTable:
    """A release that was judged, has passed test, and would enter production."""
    table = DeploymentsTable.connect(stack.clients)
    recorded(table, DEPLOYMENT)
    table.note_stage(DEPLOYMENT, "test", StageRecord("passed"))
    table.note(DEPLOYMENT, gates_test=INTEGRATED, planned_test=PLANNED)
    return table


def recorded(table: DeploymentsTable, deployment_id: str) -> None:
    """The record of a deployment whose gates have passed, with a plan for both environments."""
    table.begin(deployment_id, RELEASE, "arn:execution", "push")
    stages = [
        {"environment": name, "parts": {SERVICE.name: "changed"}, "skipped": {}} for name in ("test", "production")
    ]
    plan = {"outcome": "deploy", "reason": "", "stages": stages}
    table.note(deployment_id, gates=GATES, artifactDigest="abc", plan=plan, planned_production=PLANNED)


def check(stack: Stack, name: str = "production", before: Any = TEST, release: Release = RELEASE) -> Any:
    """Run the handler for an environment."""
    environments = (before, PRODUCTION)
    entered = next(one for one in environments if one.name == name)
    event = {"deploymentId": DEPLOYMENT, "release": release, "environment": entered, "environments": environments}
    return stack.run("stage.check_evidence", event)


def enhanced_watch(stack: Stack, deployment_id: str = DEPLOYMENT) -> str:
    """Start the enhanced watch of a deployment in test; moto runs it until it is stopped."""
    made = stack.clients.client("stepfunctions").start_execution(
        stateMachineArn=MACHINES["enhanced_watch"], name=f"{deployment_id}-test-enhanced", input="{}"
    )
    return str(made["executionArn"])


def test_a_release_that_passed_the_environment_before_enters(stack: Stack, deployments: DeploymentsTable) -> None:
    """Its own record has the verdicts."""
    assert check(stack) == {"outcome": "complete", "reason": "", "until": ""}


def test_the_first_environment_needs_the_gates_of_the_build_only(stack: Stack, deployments: DeploymentsTable) -> None:
    """Nothing is read of an environment before."""
    deployments.note(DEPLOYMENT, planned_test=PLANNED)
    assert check(stack, "test")["outcome"] == "complete"
    deployments.note(DEPLOYMENT, gates=GATES[:1])
    assert "no report of `tests` was judged, and test demands it" in check(stack, "test")["reason"]


def test_verdicts_of_suites_are_demanded_of_its_own_stage(stack: Stack, deployments: DeploymentsTable) -> None:
    """A release that passed test without them does not enter production."""
    deployments.note(DEPLOYMENT, gates_test=())
    found = check(stack)
    assert (found["outcome"], "without `integration`" in found["reason"]) == ("missing", True)


def test_parts_that_did_not_change_are_judged_by_the_deployment_that_brought_them(stack: Stack) -> None:
    """What runs in test is older and verified good there; its record has the verdicts, or it has not."""
    table = DeploymentsTable.connect(stack.clients)
    recorded(table, DEPLOYMENT)
    assert f"{SERVICE.name} was never verified good in test" in check(stack)["reason"]
    good = version(OLDER)
    running = replace(state(running=good), environment="test")
    EnvironmentsTable.connect(stack.clients).save(running, LEASE)
    assert f"the record of {good.deployment_id}, which runs in test, has expired" in check(stack)["reason"]
    recorded(table, good.deployment_id)
    assert f"{good.deployment_id} was deployed to test without `integration`" in check(stack)["reason"]
    table.note(good.deployment_id, gates_test=INTEGRATED)
    assert check(stack)["outcome"] == "complete"


def test_an_image_is_judged_by_the_deployment_that_proved_it(stack: Stack) -> None:
    """M4: another image that runs there by now, such as that of an emergency, keeps no older one from production."""
    table = DeploymentsTable.connect(stack.clients)
    recorded(table, DEPLOYMENT)
    good = version(OLDER)
    EnvironmentsTable.connect(stack.clients).save(replace(state(running=good), environment="test"), LEASE)
    recorded(table, good.deployment_id)
    images = {own_name(SERVICE.name): Image("registry/api", "v1.2.3", f"sha256:{64 * '1'}")}
    of_images = replace(RELEASE, images=images)
    assert f"{good.deployment_id} was deployed to test without" in check(stack, release=of_images)["reason"]
    recorded(table, "proof")
    table.note_passed("test", of_images, "proof")
    assert "proof was deployed to test without `integration`" in check(stack, release=of_images)["reason"]
    table.note("proof", gates_test=INTEGRATED)
    assert check(stack, release=of_images)["outcome"] == "complete"


def test_a_commit_that_passed_before_is_judged_by_that_deployment(stack: Stack) -> None:
    """A version tag goes on from where its commit ended; a newer release has replaced it there since."""
    table = DeploymentsTable.connect(stack.clients)
    recorded(table, DEPLOYMENT)
    stages = [{"environment": "production", "parts": {SERVICE.name: "changed"}, "skipped": {}}]
    table.note(DEPLOYMENT, plan={"outcome": "deploy", "reason": "", "stages": stages})
    assert check(stack)["outcome"] == "complete"  # it enters no environment before: the stack lets it skip
    recorded(table, "candidate")
    table.note_passed("test", RELEASE, "candidate")
    assert "candidate was deployed to test without `integration`" in check(stack)["reason"]
    table.note("candidate", gates_test=INTEGRATED)
    assert check(stack)["outcome"] == "complete"


def test_a_soak_is_shown_as_a_wait(stack: Stack, deployments: DeploymentsTable) -> None:
    """In the record and as an event; the next deployment to test ends it before its time."""
    before = replace(TEST, soak_minutes=60)
    assert "no enhanced watch of it ran 60 min in test" in check(stack, before=before)["reason"]
    watch = enhanced_watch(stack)
    found = check(stack, before=before)
    assert found["outcome"] == "soaking"
    assert found["until"] > Clock().text()
    (held,) = [told for name, told in stack.told() if name == "StageHeld"]
    assert held["reason"] == for_soak("production", found["reason"], found["until"]).text
    record = stack.deployment()
    assert (record["status"], record["environment"]) == ("waiting for a soak", "production")
    stack.clients.client("stepfunctions").stop_execution(executionArn=watch)
    assert check(stack, before=before)["outcome"] == "superseded"


def test_without_a_record_nothing_is_entered(stack: Stack) -> None:
    """The error names the deployment."""
    with pytest.raises(Exception, match=DEPLOYMENT):
        check(stack)
