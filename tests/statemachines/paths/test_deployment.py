"""The ways through `deployment.asl.json`, with real stages and rollbacks below it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions.domain.plans import Plan
from functions.handler import encode
from tests.statemachines.paths.answers import (
    ENVIRONMENTS,
    build_end,
    decision,
    gates,
    plan,
    restored,
    watch,
)
from tests.statemachines.paths.playing import AS_USUAL, SILENCE, Line, Played, Script, answer, raises

if TYPE_CHECKING:
    from tests.statemachines.paths.house import House

TEST, STAGING, PRODUCTION = ENVIRONMENTS
PLANNED = ["Begin", "FetchSource", "PlanRelease", "AnythingToDo"]
BUILT = [*PLANNED, "AnnounceStart", "StartBuild", "AwaitBuild", "CheckGates", "GatesPassed"]
STAGE = ["NextStage", "RunStage", "StageEnded"]
ROLLBACK = ["NextRollback", "RunRollback"]
END = ["Conclude", "AnnounceEnd", "HowItEnded"]
CLEAN = [*END, "FailedClean"]
BREACH = answer(watch("breached", "alarm 5xx rings", "5xx"))
UNKNOWN = answer(restored("unknown", "hello runs 42"))
TWO = answer(plan(TEST, PRODUCTION))
ONE = answer(plan(TEST))


def ended(played: Played, outcome: str, *words: str) -> bool:
    """Conclude was told this outcome, and a reason with these words, exactly once."""
    told = played.told("deployment/Conclude", times=1)
    assert told["outcome"] == outcome, told
    assert all(word in told["reason"] for word in words), told["reason"]
    return True


def test_a_release_walks_through_every_environment(house: House) -> None:
    """A push becomes a build and one stage after the other, in the plan's order, and is told as deployed."""
    played = house.play("deployment")
    assert played.states == [*BUILT, *STAGE * 3, "NextStage", "AllPassed", *END, "Ended"]
    assert played.status == "SUCCEEDED"
    assert ended(played, "deployed")
    said = house.announced(played, 5)
    assert [kind for kind, _ in said] == ["DeploymentStarted", *["StageFinished"] * 3, "DeploymentFinished"]
    assert [detail["environment"] for _, detail in said[1:4]] == ["test", "staging", "production"]
    assert said[0][1]["environments"] == ["test", "staging", "production"]
    assert said[-1][1]["outcome"] == "deployed"


def test_one_environment_is_a_list_of_one(house: House) -> None:
    """A plan with one stage of one part reaches announcement, gates and stage as lists all the same."""
    played = house.play("deployment", {"PlanRelease": ONE})
    assert played.states == [*BUILT, *STAGE, "NextStage", "AllPassed", *END, "Ended"]
    assert house.announced(played, 3)[0][1]["environments"] == ["test"]
    assert [part["name"] for part in [played.told("WriteLedger")["part"]]] == ["hello"]
    assert ended(played, "deployed")


def test_previews_may_take_stages_out(house: House) -> None:
    """P5: what the gates' look at the infrastructure leaves is what is walked through."""
    left = answer({**gates("passed", "the build succeeded"), "plan": plan(PRODUCTION)})
    played = house.play("deployment", {"CheckGates": left})
    assert played.states == [*BUILT, *STAGE, "NextStage", "AllPassed", *END, "Ended"]
    assert ended(played, "deployed")


def test_previews_may_leave_nothing_to_do(house: House) -> None:
    """The release is skipped after its build, and says why."""
    played = house.play("deployment", {"CheckGates": answer(gates("nothing", "previews leave nothing to do"))})
    assert played.states == [*BUILT, *END, "Ended"]
    assert ended(played, "skipped", "previews leave nothing")


@pytest.mark.parametrize(
    ("plan_outcome", "way", "outcome"),
    [
        ("nothing", [*END, "Ended"], "skipped"),
        ("superseded", [*END, "Ended"], "superseded"),
        ("invalid", ["RefusePlan", *CLEAN], "failed"),
        ("frozen", ["RefusePlan", *CLEAN], "failed"),
    ],
)
def test_a_plan_that_deploys_nothing(house: House, plan_outcome: Any, way: list[str], outcome: str) -> None:
    """Nothing is built when the plan says so; its reason is the deployment's."""
    played = house.play("deployment", {"PlanRelease": answer(encode(Plan(plan_outcome, "as planned")))})
    assert played.states == [*PLANNED, *way]
    assert ended(played, outcome, "as planned")
    assert [kind for kind, _ in house.announced(played, 1)] == ["DeploymentFinished"]


EARLY: dict[str, tuple[Line, list[str]]] = {
    "Begin": (raises("GitHubNotFoundError", "no such commit"), PLANNED[:1]),
    "FetchSource": (raises("SourceError", "gone"), PLANNED[:2]),
    "PlanRelease": (raises("GitHubRefusedError", "401"), PLANNED[:3]),
    "StartBuild": (raises("BadInputError", "no project"), BUILT[:6]),
    "CheckGates": (raises("SourceError", "no artifact"), BUILT[:8]),
}


@pytest.mark.parametrize("state", EARLY)
def test_a_fault_before_the_first_stage_touches_nothing(house: House, state: str) -> None:
    """A handler that fails before the stages ends the deployment clean; the reason names it and quotes its error."""
    line, way = EARLY[state]
    played = house.play("deployment", {f"deployment/{state}": line})
    assert played.states == [*way, *CLEAN]
    assert (played.status, played.error) == ("FAILED", "FailedClean")
    assert ended(played, "failed", f"{state}: {line['error']}", line["cause"])
    assert not played.children


@pytest.mark.parametrize("outcome", ["failed", "timed out", "stopped"])
def test_a_failed_build_is_judged_by_the_gates(house: House, outcome: str) -> None:
    """A build that fails still has its reports read; the gates name it, and no stage starts."""
    script: Script = {
        "AwaitBuild": answer(build_end(outcome, "BUILD: exit 1")),
        "CheckGates": answer(gates("failed", "tests: 1 of 3 tests failed: test_hello")),
    }
    played = house.play("deployment", script)
    assert played.states == [*BUILT, "RefuseRelease", *CLEAN]
    assert played.told("CheckGates")["build"]["outcome"] == outcome
    assert ended(played, "failed", "test_hello")
    assert not played.children


def test_a_lost_build_event_costs_one_ask(house: House) -> None:
    """A build whose event never came is found at the next ask."""
    played = house.play("deployment", {"PlanRelease": ONE, "AwaitBuild": [SILENCE, AS_USUAL]})
    assert played.told("deployment/AwaitBuild", times=2)["buildId"] == "build:1"
    assert ended(played, "deployed")


def test_a_build_that_nobody_can_tell_of_ends_clean(house: House) -> None:
    """A build whose end is never learned fails the deployment before anything is touched."""
    played = house.play("deployment", {"AwaitBuild": SILENCE})
    assert played.states == [*BUILT[:7], *CLEAN]
    assert ended(played, "failed", "AwaitBuild: States.Timeout")


def test_a_rejected_stage_stops_the_walk(house: House) -> None:
    """A rejection in the second environment ends the deployment; nothing is rolled back, nothing further is asked."""
    script: Script = {
        "PlanRelease": answer(plan(TEST, PRODUCTION, STAGING)),
        "AwaitApproval": answer(decision("rejected")),
    }
    played = house.play("deployment", script)
    assert played.states == [*BUILT, *STAGE * 2, "StageStopped", *CLEAN]
    assert set(played.children) == {"test", "production"}
    assert ended(played, "rejected", "rejected by Grace")


@pytest.mark.parametrize("result", ["restored", "partly"])
def test_a_stage_that_went_back_stops_the_walk(house: House, result: str) -> None:
    """A stage that took itself back ends the deployment with its word; earlier environments keep the release."""
    script: Script = {
        "PlanRelease": TWO,
        "Watch@production": BREACH,
        "VerifyRestored": answer(restored(result, "as found")),
    }
    played = house.play("deployment", script)
    assert played.states == [*BUILT, *STAGE * 2, "StageStopped", *CLEAN]
    assert set(played.children) == {"test", "production", "production-rollback"}
    assert ended(played, result, "alarm 5xx rings", "as found")


def test_a_stage_superseded_in_its_queue_ends_well(house: House) -> None:
    """A stage that left its place to a newer release is no failure of the deployment."""
    away = {"outcome": "superseded", "reason": "newer", "lease": None}
    played = house.play("deployment", {"PlanRelease": ONE, "AcquireLock": answer(away)})
    assert played.states == [*BUILT, *STAGE, "StageStopped", *END, "Ended"]
    assert ended(played, "superseded", "newer")


FULL = [*BUILT, *STAGE * 2, *ROLLBACK * 2, "NextRollback"]


def test_an_unknown_stage_takes_the_whole_release_back(house: House) -> None:
    """What one environment can't take back alone goes back in all that were touched, the last one first."""
    played = house.play(
        "deployment", {"PlanRelease": TWO, "Watch@production": BREACH, "VerifyRestored@production": [UNKNOWN, AS_USUAL]}
    )
    assert played.states == [*FULL, *CLEAN]
    backs = [call.payload["environment"] for call in played.calls if call.of("rollback/PlanRollback")]
    assert backs == ["production", "production", "test"]
    assert "AcquireLock" in played.children["test-full-rollback"].states
    assert "hello runs 42" in played.told("rollback/RecordRollback")["cause"]
    assert ended(played, "restored", "alarm 5xx rings", "hello runs 42")


def test_a_full_rollback_that_ends_partly_says_so(house: House) -> None:
    """A first release that has nothing to go back to is never called restored."""
    partly = answer(restored("partly", "first release"))
    script: Script = {"PlanRelease": TWO, "Watch@production": BREACH, "VerifyRestored@production": [UNKNOWN, partly]}
    played = house.play("deployment", script)
    assert played.states == [*FULL, *CLEAN]
    assert ended(played, "partly")


@pytest.mark.parametrize("place", ["test", "production"])
def test_one_unknown_environment_makes_the_end_dirty(house: House, place: str) -> None:
    """When any environment stays unknown the others still go back, and the deployment ends dirty."""
    script: Script = {
        "PlanRelease": TWO,
        "Watch@production": BREACH,
        "VerifyRestored@production": [UNKNOWN, UNKNOWN if place == "production" else AS_USUAL],
        "VerifyRestored@test": UNKNOWN if place == "test" else AS_USUAL,
    }
    played = house.play("deployment", script)
    assert played.states == [*FULL, *END, "FailedDirty"]
    assert played.error == "FailedDirty"
    assert ended(played, "unknown")


def test_a_rollback_that_breaks_does_not_keep_the_others(house: House) -> None:
    """An environment whose full rollback dies counts as unknown, and the one before it still goes back."""
    broken = replace(PRODUCTION, approval=False, stabilise_seconds=-1)
    script: Script = {"PlanRelease": answer(plan(TEST, broken)), "Watch@production": BREACH}
    played = house.play("deployment", script)
    assert played.states == [*FULL, *END, "FailedDirty"]
    assert played.children["production-full-rollback"].status == "FAILED"
    assert played.children["test-full-rollback"].output["result"] == "restored"
    assert ended(played, "unknown", "the rollback broke")


def test_a_stopped_stage_takes_the_whole_release_back(house: House) -> None:
    """A stage that a person stops ends without a word: everything touched goes back."""
    playing = house.start("deployment", {"PlanRelease": TWO, "Watch@production": SILENCE})
    playing.stop("stage/Watch@production")
    played = playing.end()
    assert played.states == [*FULL, *CLEAN]
    assert played.children["production"].status == "ABORTED"
    assert ended(played, "restored", "production failed with States.")


def test_a_stage_that_breaks_takes_the_whole_release_back(house: House) -> None:
    """A stage that fails as an execution goes back like one that was stopped."""
    broken = plan(TEST, PRODUCTION)
    del broken["stages"][1]["environment"]["approval"]
    played = house.start("deployment", {"PlanRelease": answer(broken)}).end(typed=False)
    assert played.states == [*FULL, *CLEAN]
    assert played.children["production"].status == "FAILED"
    assert ended(played, "restored", "production failed with States.")


def test_an_outcome_that_cannot_be_written_ends_untold(house: House) -> None:
    """A failing Conclude fails the execution, so that its end wakes the handler that tells it."""
    played = house.play("deployment", {"PlanRelease": ONE, "Conclude": raises("BadInputError")})
    assert played.states[-2:] == ["Conclude", "EndedUntold"]
    assert played.error == "EndedUntold"
