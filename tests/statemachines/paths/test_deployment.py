"""The paths through `deployment.asl.json`, with real stages and rollbacks below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from functions.domain.plans import Plan
from functions.handler import encode
from tests.statemachines.paths.answers import (
    ENVIRONMENTS,
    build_end,
    decision,
    gates,
    left_alone,
    plan,
    reached,
    restored,
    watch,
)
from tests.statemachines.paths.executions import AS_USUAL, SILENCE, EndedExecution, Line, Script, answer, raises

if TYPE_CHECKING:
    from tests.statemachines.paths.runner import WorkflowRunner

TEST, STAGING, PRODUCTION = ENVIRONMENTS
PLANNED = ["Begin", "FetchSource", "PlanRelease", "AnythingToDo"]
BUILT = [*PLANNED, "AnnounceStart", "AnythingToBuild", "StartBuild", "AwaitBuild", "CheckGates", "GatesPassed"]
REACHED = ["NextStage", "ReachEnvironment", "EnvironmentReached"]
STAGE = [*REACHED, "RunStage", "StageEnded"]
UNTOUCHED = [*REACHED * 3, "NextStage", "AllPassed", *["Conclude", "AnnounceEnd", "HowItEnded", "Ended"]]
ROLLBACK = ["NextRollback", "RunRollback"]
END = ["Conclude", "AnnounceEnd", "HowItEnded"]
CLEAN = [*END, "FailedClean"]
BREACH = answer(watch("breached", "alarm 5xx is in ALARM", "5xx"))
UNKNOWN = answer(restored("unknown", "hello runs 42"))
TWO = answer(plan(TEST, PRODUCTION))
ONE = answer(plan(TEST))


def ended(execution: EndedExecution, outcome: str, *words: str) -> bool:
    """Whether Conclude was called exactly once, with this outcome and a reason that holds these words."""
    payload = execution.payload_of("deployment/Conclude", times=1)
    assert payload["outcome"] == outcome, payload
    assert all(word in payload["reason"] for word in words), payload["reason"]
    return True


def test_a_release_passes_through_every_environment(runner: WorkflowRunner) -> None:
    """A push becomes a build and one stage after the other, in the plan's order, and ends as deployed."""
    execution = runner.run("deployment")
    assert execution.states == [*BUILT, *STAGE * 3, "NextStage", "AllPassed", *END, "Ended"]
    assert execution.status == "SUCCEEDED"
    assert ended(execution, "deployed")
    said = runner.announced(execution, 5)
    assert [kind for kind, _ in said] == ["DeploymentStarted", *["StageFinished"] * 3, "DeploymentFinished"]
    assert [detail["environment"] for _, detail in said[1:4]] == ["test", "staging", "production"]
    assert said[0][1]["environments"] == ["test", "staging", "production"]
    assert said[-1][1]["outcome"] == "deployed"


def test_images_are_not_built(runner: WorkflowRunner) -> None:
    """M3: a plan of images has no buildspec, so its stages follow at once; one made anew announces nothing twice."""
    images = {**plan(TEST), "buildspec": "", "gates": {}}
    reached = [answer({"outcome": "outdated", "reason": ""}), answer({"outcome": "change", "reason": ""})]
    execution = runner.run("deployment", {"PlanRelease": answer(images), "ReachEnvironment": reached})
    announced = [*PLANNED, "AnnounceStart", "AnythingToBuild"]
    again = ["PlanRelease", "AnythingToDo"]
    assert execution.states == [*announced, *REACHED, *again, *STAGE, "NextStage", "AllPassed", *END, "Ended"]
    assert execution.payload_of("WriteLedger")["part"]["name"] == "hello"
    assert ended(execution, "deployed")


def test_one_environment_stays_a_list(runner: WorkflowRunner) -> None:
    """A plan with one stage of one part reaches announcement, gates and stage as lists."""
    execution = runner.run("deployment", {"PlanRelease": ONE})
    assert execution.states == [*BUILT, *STAGE, "NextStage", "AllPassed", *END, "Ended"]
    assert runner.announced(execution, 3)[0][1]["environments"] == ["test"]
    assert [part["name"] for part in [execution.payload_of("WriteLedger")["part"]]] == ["hello"]
    assert ended(execution, "deployed")


def test_previews_may_remove_stages(runner: WorkflowRunner) -> None:
    """P5: only the stages are run in which CheckGates leaves parts in the plan; the other environments are walked."""
    left = {**plan(PRODUCTION), "stages": [*left_alone(TEST, STAGING), *plan(PRODUCTION)["stages"]]}
    script: Script = {
        "CheckGates": answer({**gates("passed", "the build succeeded"), "plan": left}),
        "ReachEnvironment": [answer(reached("unchanged")), answer(reached("unchanged")), AS_USUAL],
    }
    execution = runner.run("deployment", script)
    assert execution.states == [*BUILT, *REACHED * 2, *STAGE, "NextStage", "AllPassed", *END, "Ended"]
    assert set(execution.children) == {"production"}
    assert ended(execution, "deployed")


def test_previews_may_leave_nothing_to_do(runner: WorkflowRunner) -> None:
    """The release is skipped after its build, with the reason of the gates; it walks every environment (P3)."""
    left = {**plan(), "outcome": "nothing", "stages": left_alone(*ENVIRONMENTS)}
    script: Script = {
        "CheckGates": answer({**gates("nothing", "previews leave nothing to do"), "plan": left}),
        "ReachEnvironment": answer(reached("unchanged")),
    }
    execution = runner.run("deployment", script)
    assert execution.states == [*BUILT, *UNTOUCHED]
    assert ended(execution, "skipped", "previews leave nothing")


@pytest.mark.parametrize(
    ("plan_outcome", "way", "outcome"),
    [
        ("superseded", [*END, "Ended"], "superseded"),
        ("invalid", ["RefusePlan", *CLEAN], "failed"),
    ],
)
def test_a_plan_that_deploys_nothing(runner: WorkflowRunner, plan_outcome: Any, way: list[str], outcome: str) -> None:
    """Nothing is built, and the deployment ends with the plan's reason."""
    execution = runner.run("deployment", {"PlanRelease": answer(encode(Plan(plan_outcome, "as planned")))})
    assert execution.states == [*PLANNED, *way]
    assert ended(execution, outcome, "as planned")
    assert [kind for kind, _ in runner.announced(execution, 1)] == ["DeploymentFinished"]


def test_a_release_without_changes_walks_every_environment(runner: WorkflowRunner) -> None:
    """P3: nothing is built and no stage runs, but older releases are superseded in each environment."""
    nothing = encode(Plan("nothing", "up to date")) | {"stages": left_alone(*ENVIRONMENTS)}
    script: Script = {"PlanRelease": answer(nothing), "ReachEnvironment": answer(reached("unchanged"))}
    execution = runner.run("deployment", script)
    assert execution.states == [*PLANNED, *UNTOUCHED]
    calls = [call.payload for call in execution.calls if call.of("ReachEnvironment")]
    assert [call["stage"]["environment"]["name"] for call in calls] == ["test", "staging", "production"]
    assert ended(execution, "skipped", "up to date")
    assert [kind for kind, _ in runner.announced(execution, 1)] == ["DeploymentFinished"]


def test_a_release_stops_where_a_newer_one_passed(runner: WorkflowRunner) -> None:
    """P3: earlier environments keep it, until the newer release replaces it there."""
    newer = answer(reached("superseded", "a newer one has passed staging"))
    execution = runner.run("deployment", {"ReachEnvironment": [AS_USUAL, newer]})
    assert execution.states == [*BUILT, *STAGE, *REACHED, *END, "Ended"]
    assert set(execution.children) == {"test"}
    assert ended(execution, "superseded", "has passed staging")


def test_an_environment_is_planned_again_after_an_older_release(runner: WorkflowRunner) -> None:
    """P3: the release waits for the older one to end, plans again, and uses its build again."""
    occupied, outdated = answer(reached("occupied", "main-1 is changing hello")), answer(reached("outdated"))
    first = {**plan(TEST), "stages": [*plan(TEST)["stages"], *left_alone(PRODUCTION)]}
    script: Script = {
        "PlanRelease": [answer(first), TWO],
        "ReachEnvironment": [AS_USUAL, occupied, occupied, outdated, AS_USUAL],
    }
    execution = runner.run("deployment", script)
    waits = [*REACHED, "WaitForOlder"] * 2
    again = [*REACHED, "PlanRelease", "AnythingToDo"]
    assert execution.states == [*BUILT, *STAGE, *waits, *again, *STAGE, "NextStage", "AllPassed", *END, "Ended"]
    assert set(execution.children) == {"test", "production"}
    assert runner.announced(execution, 4)[0][1]["environments"] == ["test"]
    assert ended(execution, "deployed")


def test_what_was_not_built_is_built_after_an_older_release(runner: WorkflowRunner) -> None:
    """P3: a revert that had nothing to change when it was planned is deployed over what an older release changed."""
    nothing = encode(Plan("nothing", "up to date")) | {"stages": left_alone(TEST)}
    script: Script = {
        "PlanRelease": [answer(nothing), ONE],
        "ReachEnvironment": [answer(reached("outdated")), AS_USUAL],
    }
    execution = runner.run("deployment", script)
    assert execution.states == [*PLANNED, *REACHED, *BUILT[2:], *STAGE, "NextStage", "AllPassed", *END, "Ended"]
    assert ended(execution, "deployed")


EARLY: dict[str, tuple[Line, list[str]]] = {
    "Begin": (raises("GitHubNotFoundError", "no such commit"), PLANNED[:1]),
    "FetchSource": (raises("SourceError", "gone"), PLANNED[:2]),
    "PlanRelease": (raises("GitHubRefusedError", "401"), PLANNED[:3]),
    "StartBuild": (raises("BadInputError", "no project"), BUILT[:7]),
    "CheckGates": (raises("SourceError", "no artifact"), BUILT[:9]),
    "ReachEnvironment": (raises("BadInputError", "no table"), [*BUILT, *REACHED[:2]]),
}


@pytest.mark.parametrize("state", EARLY)
def test_a_fault_before_the_first_stage_touches_nothing(runner: WorkflowRunner, state: str) -> None:
    """A handler that fails before the stages ends the deployment as failed; the reason names handler and error."""
    line, way = EARLY[state]
    execution = runner.run("deployment", {f"deployment/{state}": line})
    assert execution.states == [*way, *CLEAN]
    assert (execution.status, execution.error) == ("FAILED", "FailedClean")
    assert ended(execution, "failed", f"{state}: {line['error']}", line["cause"])
    assert not execution.children


@pytest.mark.parametrize("outcome", ["failed", "timed out", "stopped"])
def test_a_failed_build_is_judged_by_the_gates(runner: WorkflowRunner, outcome: str) -> None:
    """The reports of a failed build are still read; the gates give the reason, and no stage starts."""
    script: Script = {
        "AwaitBuild": answer(build_end(outcome, "BUILD: exit 1")),
        "CheckGates": answer(gates("failed", "tests: 1 of 3 tests failed: test_hello")),
    }
    execution = runner.run("deployment", script)
    assert execution.states == [*BUILT, "RefuseRelease", *CLEAN]
    assert execution.payload_of("CheckGates")["build"]["outcome"] == outcome
    assert ended(execution, "failed", "test_hello")
    assert not execution.children


def test_a_lost_build_event_costs_one_backstop(runner: WorkflowRunner) -> None:
    """A build whose event never came is found by the next query."""
    execution = runner.run("deployment", {"PlanRelease": ONE, "AwaitBuild": [SILENCE, AS_USUAL]})
    assert execution.payload_of("deployment/AwaitBuild", times=2)["buildId"] == "build:1"
    assert ended(execution, "deployed")


def test_a_build_whose_end_stays_unknown_ends_clean(runner: WorkflowRunner) -> None:
    """A build whose end is never found fails the deployment before anything is changed."""
    execution = runner.run("deployment", {"AwaitBuild": SILENCE})
    assert execution.states == [*BUILT[:8], *CLEAN]
    assert ended(execution, "failed", "AwaitBuild: States.Timeout")


def test_a_rejected_stage_ends_the_deployment(runner: WorkflowRunner) -> None:
    """A rejection in the second environment ends the deployment, without rollback and without further stages."""
    script: Script = {
        "PlanRelease": answer(plan(TEST, PRODUCTION, STAGING)),
        "AwaitApproval": answer(decision("rejected")),
    }
    execution = runner.run("deployment", script)
    assert execution.states == [*BUILT, *STAGE * 2, "StageStopped", *CLEAN]
    assert set(execution.children) == {"test", "production"}
    assert ended(execution, "rejected", "rejected by Grace")


@pytest.mark.parametrize("result", ["restored", "partly"])
def test_a_stage_that_was_rolled_back_ends_the_deployment(runner: WorkflowRunner, result: str) -> None:
    """A stage that rolled itself back ends the deployment with its result; earlier environments keep the release."""
    script: Script = {
        "PlanRelease": TWO,
        "Watch@production": BREACH,
        "VerifyRestored": answer(restored(result, "as found")),
    }
    execution = runner.run("deployment", script)
    assert execution.states == [*BUILT, *STAGE * 2, "StageStopped", *CLEAN]
    assert set(execution.children) == {"test", "production", "production-rollback"}
    assert ended(execution, result, "alarm 5xx is in ALARM", "as found")


def test_a_stage_superseded_in_its_queue_ends_well(runner: WorkflowRunner) -> None:
    """A stage that gave its place to a newer release does not fail the deployment."""
    away = {"outcome": "superseded", "reason": "newer", "lease": None}
    execution = runner.run("deployment", {"PlanRelease": ONE, "AcquireLock": answer(away)})
    assert execution.states == [*BUILT, *STAGE, "StageStopped", *END, "Ended"]
    assert ended(execution, "superseded", "newer")


FULL = [*BUILT, *STAGE * 2, *ROLLBACK * 2, "NextRollback"]


def test_an_unknown_stage_rolls_the_whole_release_back(runner: WorkflowRunner) -> None:
    """When one environment can't be rolled back alone, all changed environments are rolled back, the last one first."""
    execution = runner.run(
        "deployment", {"PlanRelease": TWO, "Watch@production": BREACH, "VerifyRestored@production": [UNKNOWN, AS_USUAL]}
    )
    assert execution.states == [*FULL, *CLEAN]
    backs = [call.payload["environment"] for call in execution.calls if call.of("rollback/PlanRollback")]
    assert backs == ["production", "production", "test"]
    assert "AcquireLock" in execution.children["test-full-rollback"].states
    assert "hello runs 42" in execution.payload_of("rollback/RecordRollback")["cause"]
    assert ended(execution, "restored", "alarm 5xx is in ALARM", "hello runs 42")


def test_a_full_rollback_that_ends_partly_is_not_restored(runner: WorkflowRunner) -> None:
    """A first release, which has nothing to go back to, ends as partly and never as restored."""
    partly = answer(restored("partly", "first release"))
    script: Script = {"PlanRelease": TWO, "Watch@production": BREACH, "VerifyRestored@production": [UNKNOWN, partly]}
    execution = runner.run("deployment", script)
    assert execution.states == [*FULL, *CLEAN]
    assert ended(execution, "partly")


@pytest.mark.parametrize("place", ["test", "production"])
def test_one_unknown_environment_makes_the_end_dirty(runner: WorkflowRunner, place: str) -> None:
    """When one environment stays unknown, the others are still rolled back, and the deployment ends unknown."""
    script: Script = {
        "PlanRelease": TWO,
        "Watch@production": BREACH,
        "VerifyRestored@production": [UNKNOWN, UNKNOWN if place == "production" else AS_USUAL],
        "VerifyRestored@test": UNKNOWN if place == "test" else AS_USUAL,
    }
    execution = runner.run("deployment", script)
    assert execution.states == [*FULL, *END, "FailedDirty"]
    assert execution.error == "FailedDirty"
    assert ended(execution, "unknown")


def test_a_failed_rollback_does_not_stop_the_others(runner: WorkflowRunner) -> None:
    """An environment whose full rollback fails is unknown, and the environment before it is still rolled back."""
    broken = replace(PRODUCTION, approval=False, stabilise_seconds=-1)
    script: Script = {"PlanRelease": answer(plan(TEST, broken)), "Watch@production": BREACH}
    execution = runner.run("deployment", script)
    assert execution.states == [*FULL, *END, "FailedDirty"]
    assert execution.children["production-full-rollback"].status == "FAILED"
    assert execution.children["test-full-rollback"].output["result"] == "restored"
    assert ended(execution, "unknown", "the rollback broke")


def test_a_stopped_stage_rolls_the_whole_release_back(runner: WorkflowRunner) -> None:
    """A stage that a person stops has no result, so all changed environments are rolled back."""
    running = runner.start("deployment", {"PlanRelease": TWO, "Watch@production": SILENCE})
    running.stop("stage/Watch@production")
    execution = running.end()
    assert execution.states == [*FULL, *CLEAN]
    assert execution.children["production"].status == "ABORTED"
    assert ended(execution, "restored", "production failed with States.")


def test_a_failed_stage_rolls_the_whole_release_back(runner: WorkflowRunner) -> None:
    """A stage whose execution fails is treated like a stopped stage."""
    broken = plan(TEST, PRODUCTION)
    del broken["stages"][1]["environment"]["approval"]
    execution = runner.start("deployment", {"PlanRelease": answer(broken)}).end(typed=False)
    assert execution.states == [*FULL, *CLEAN]
    assert execution.children["production"].status == "FAILED"
    assert ended(execution, "restored", "production failed with States.")


def test_an_outcome_that_cannot_be_written_ends_unannounced(runner: WorkflowRunner) -> None:
    """A failing Conclude fails the execution, so that its end starts the handler that announces it."""
    execution = runner.run("deployment", {"PlanRelease": ONE, "Conclude": raises("BadInputError")})
    assert execution.states[-2:] == ["Conclude", "EndedUntold"]
    assert execution.error == "EndedUntold"
