"""Whether a release has the evidence to enter an environment (G6)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from functions.domain.evidence import Entry, Former, Witness, needs_evidence, verdict
from functions.domain.gates import Verdict
from functions.domain.images import Image
from functions.domain.records import DeploymentRecord, PlannedChange, RollbackRecord
from functions.domain.soaks import Watched
from tests.functions.samples import DEPLOYMENT, RELEASE, environment

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
TEST = environment(name="test", demanded_gates=["tests", "integration"])
PRODUCTION = environment(demanded_gates=["tests", "coverage", "smoke"])
GATES = tuple(Verdict(name, "passed", "good") for name in ("build", "tests", "coverage"))
INTEGRATED = (Verdict("build", "passed", "good"), Verdict("integration", "passed", "good"))
RECORD = DeploymentRecord(
    DEPLOYMENT,
    RELEASE,
    gates=GATES,
    artifact_digest="abc",
    planned={"production": PlannedChange(artifact="builds/build.zip")},
    gates_after={"test": INTEGRATED},
)


def entry(record: DeploymentRecord = RECORD, before: Former | None = None, **changes: Any) -> Entry:
    """The verdict on a release that enters production from test, whose parts it has changed itself."""
    known = before or Former(replace(TEST, **changes), (Witness(record.deployment_id, record),))
    return verdict(PRODUCTION, record, known, NOW)


def watched(minutes: int, status: str = "RUNNING") -> Watched:
    """An enhanced watch that began so many minutes ago."""
    return Watched(status, (NOW - timedelta(minutes=minutes)).isoformat())


def test_a_release_with_all_evidence_enters() -> None:
    """What it was judged by before any deployment, and in the environment before."""
    assert entry() == Entry("complete")


def test_the_first_environment_needs_no_earlier_one() -> None:
    """Only the gates before any deployment."""
    assert verdict(PRODUCTION, RECORD, None, NOW) == Entry("complete")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"gates": GATES[:2]}, "production is not entered: no report of `coverage` was judged, and production demands"),
        ({"gates": (*GATES, Verdict("security", "failed", "HIGH x"))}, "production is not entered: security: HIGH x"),
        ({"artifact_digest": ""}, "no gate has judged the artifact builds/build.zip"),
        ({"gates_after": {}}, f"{DEPLOYMENT} was deployed to test without `integration`, which test demands"),
        ({"gates_after": {"staging": INTEGRATED}}, "was deployed to test without `integration`"),
        (
            {"gates_after": {"test": (*INTEGRATED, Verdict("performance", "failed", "slow"))}},
            f"{DEPLOYMENT} in test: performance: slow",
        ),
        ({"rollback": {"test": RollbackRecord("restored")}}, f"{DEPLOYMENT} was rolled back in test (restored)"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, Any], said: str) -> None:
    """With the environment, the deployment and the gate."""
    found = entry(replace(RECORD, **changes))
    assert found.outcome == "missing"
    assert said in found.reason


def test_parts_that_another_deployment_brought_are_judged_by_its_record() -> None:
    """It must have passed there; its record may have expired, and a part may never have been good."""
    older = replace(RECORD, deployment_id="older", gates_after={})
    for before, said in (
        (Former(TEST, (Witness("older", older),)), "older was deployed to test without `integration`"),
        (Former(TEST, (Witness("older", None),)), "the record of older, which runs in test, has expired"),
        (Former(TEST, (), ("hello/web",)), "hello/web was never verified good in test"),
    ):
        found = entry(before=before)
        assert (found.outcome, said in found.reason) == ("missing", True)
        assert "kiro-worker deploy … --force" in found.reason
    assert entry(before=Former(TEST, (Witness("older", replace(older, gates_after={"test": INTEGRATED})),))) == Entry(
        "complete"
    )


def test_a_release_of_images_needs_no_gate_of_a_build() -> None:
    """It has none: who builds its images judges them. The suites of the environment before stay demanded."""
    image = Image("1.dkr.ecr.eu-central-1.amazonaws.com/api", "v1.2.0", "sha256:" + "a" * 64)
    of_images = replace(
        RECORD, release=replace(RELEASE, images={"api": image}), gates=(), artifact_digest="", planned={}
    )
    assert entry(of_images) == Entry("complete")
    assert "without `integration`" in entry(replace(of_images, gates_after={})).reason


def test_an_emergency_needs_no_suite_and_no_soak() -> None:
    """P8: it skips the tests after a deployment; the gates before one stay demanded."""
    urgent = replace(RECORD, release=replace(RELEASE, emergency=True), gates_after={})
    assert entry(urgent, soak_minutes=60) == Entry("complete")
    assert entry(replace(urgent, gates=GATES[:1])).outcome == "missing"


def test_what_an_emergency_left_untested_does_not_go_on_in_another_release() -> None:
    """A later release that leaves the part as it is has no evidence of it."""
    urgent = replace(RECORD, deployment_id="urgent", release=replace(RELEASE, emergency=True), gates_after={})
    found = entry(before=Former(TEST, (Witness("urgent", urgent),)))
    assert "urgent was deployed to test as an emergency without `integration`" in found.reason


def test_a_soak_is_waited_for() -> None:
    """Until it is over; then the release enters."""
    before = Former(replace(TEST, soak_minutes=60), (Witness(DEPLOYMENT, RECORD, watched(20)),))
    found = entry(before=before)
    assert (found.outcome, found.until) == ("soaking", (NOW + timedelta(minutes=40)).isoformat())
    assert verdict(PRODUCTION, RECORD, before, NOW + timedelta(minutes=40)) == Entry("complete")


def test_a_soak_that_was_ended_is_superseded() -> None:
    """By the next release, which soaks now; without a watch it is missing."""
    soaking = replace(TEST, soak_minutes=60)
    cut = Watched("ABORTED", (NOW - timedelta(minutes=20)).isoformat(), NOW.isoformat())
    assert entry(before=Former(soaking, (Witness(DEPLOYMENT, RECORD, cut),))).outcome == "superseded"
    assert entry(before=Former(soaking, (Witness(DEPLOYMENT, RECORD),))).outcome == "missing"


def test_nothing_goes_on_while_the_environment_before_is_rolled_back() -> None:
    """The watch found an alarm in its last moment: its execution still runs, and the result is not recorded yet."""
    rolling = replace(RECORD, status="rolling back", environment="test")
    before = Former(replace(TEST, soak_minutes=60), (Witness(DEPLOYMENT, rolling, watched(61)),))
    found = entry(rolling, before)
    assert (found.outcome, found.until) == ("soaking", (NOW + timedelta(minutes=1)).isoformat())


def test_an_environment_that_demands_nothing_needs_no_evidence() -> None:
    """Neither a suite nor a soak."""
    assert not needs_evidence(environment(demanded_gates=["tests", "coverage"]))
    assert needs_evidence(environment(demanded_gates=["e2e"]))
    assert needs_evidence(environment(soak_minutes=1))
