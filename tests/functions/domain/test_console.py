"""What the console shows of a release: a lane for each environment."""

from typing import Any, get_args

import pytest
from msgspec.structs import replace

from functions.domain import waiting
from functions.domain.console import PHASES, EnvironmentView, Lane, Overview, Shown, lanes
from functions.domain.records import DeploymentRecord, PlannedStage, PlanRecord, StageRecord, StageResult
from functions.domain.watches import AlarmReading
from tests.functions.samples import DEPLOYMENT, NOW

NAMES = ("test", "staging", "production")
PLAN = PlanRecord("deploy", "", tuple(PlannedStage(name) for name in NAMES))
RECORD = DeploymentRecord(DEPLOYMENT, environment="staging", status="running", plan=PLAN)
STEP = waiting.in_step("Verify")


def of(record: DeploymentRecord, wait: waiting.Waiting = STEP, phase: str = "") -> dict[str, Lane]:
    """The lanes by environment."""
    return {one.environment: one for one in lanes(record, NAMES, wait, phase)}


def test_a_release_on_its_way() -> None:
    """Passed environments are full, the current one is as far as its phase, the others are to come."""
    found = of(replace(RECORD, stages={"test": StageRecord("passed")}), STEP, "verify")
    assert found["test"] == Lane("test", "passed", "passed", len(PHASES))
    assert found["staging"] == Lane("staging", "runs", "verify", PHASES.index("verify"))
    assert found["production"] == Lane("production", "ahead", "to come")


def test_a_lane_that_waits_says_for_what() -> None:
    """With the word of the closed set."""
    wait = waiting.for_soak("staging", "60 min", NOW)
    assert of(RECORD, wait, "entry")["staging"] == Lane("staging", "waits", "soak", 0)
    assert of(RECORD, wait)["staging"].done == 0, "the phase is not known yet"


@pytest.mark.parametrize("result", get_args(StageResult))
def test_every_end_of_a_stage_has_words(result: Any) -> None:
    """None of them looks as if it ran still."""
    lane = of(replace(RECORD, outcome="failed", stages={"staging": StageRecord(result)}))["staging"]
    assert lane.mark in ("passed", "stopped", "back", "left out")
    assert lane.words


def test_a_rollback_is_seen_while_it_runs() -> None:
    """By the status of the record, or by the state of its stage."""
    for record, phase in ((replace(RECORD, status="rolling back"), "watch"), (RECORD, "back")):
        assert of(record, STEP, phase)["staging"] == Lane("staging", "back", "rolling back")


def test_environments_that_are_left_out() -> None:
    """Of the plan, or because the release ended before them."""
    short = replace(RECORD, plan=PlanRecord("deploy", "", (PlannedStage("staging"),)))
    assert of(short)["test"].words == "not in the plan"
    ended = replace(RECORD, outcome="failed", environment="none")
    assert {one.words for one in of(ended).values()} == {"not reached"}
    unplanned = replace(RECORD, plan=None, environment="none")
    assert {one.mark for one in of(unplanned).values()} == {"ahead"}


def test_an_environment_knows_what_is_in_alarm() -> None:
    """Of its alarms, those in ALARM."""
    alarms = (AlarmReading("a", "critical", "ALARM"), AlarmReading("b", "critical", "OK"))
    assert [one.name for one in EnvironmentView("test", alarms=alarms).ringing] == ["a"]


def test_what_waits_for_people_is_counted() -> None:
    """Approvals and freezes of releases, and items that a person has to move."""
    frozen = Shown(RECORD, replace(STEP, kind="freeze"))
    assert Overview((), (frozen, Shown(RECORD, STEP)), (), ()).for_people == 1
