"""The paths of a rollout in steps through `stage.asl.json`: paused, under way, failed (R12, P10)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from functions.domain import budgets
from functions.handler import encode
from tests.statemachines.paths.answers import ENVIRONMENTS, SERVICE, decision, rollout, watch
from tests.statemachines.paths.executions import AS_USUAL, SILENCE, Call, EndedExecution, answer, raises
from tests.statemachines.paths.test_stage import APPLIED, BACK, GOOD, LEDGER, OPENED, WATCHED, ended

if TYPE_CHECKING:
    from tests.statemachines.paths.executions import Script
    from tests.statemachines.paths.runner import WorkflowRunner

BEGUN = [*OPENED, *LEDGER, "ApplyService", "RolloutState"]
STEP = ["WatchStep", "Watch", "WhatWasSeen"]
NEXT = ["ContinueRollout", "RolloutState"]
DONE = ["RecordPart", "NextPart", *WATCHED[len(APPLIED) :], *GOOD]
AT_10, AT_50 = answer(rollout("paused", 10)), answer(rollout("paused", 50))
STEPPED = encode((replace(SERVICE, settings={**SERVICE.settings, "steps": [10, 50], "stepSeconds": 300}),))


def calls(execution: EndedExecution, state: str) -> list[Call]:
    """The calls of a handler, in order."""
    return [call for call in execution.calls if call.of(state)]


def test_each_step_is_watched_before_the_next(runner: WorkflowRunner) -> None:
    """R12: two steps, then all requests; each proceeds from the rollout that was watched, under the stage's lease."""
    execution = runner.run("stage", {"ApplyService": AT_10, "ContinueRollout": [AT_50, AS_USUAL]}, parts=STEPPED)
    assert execution.states == [*BEGUN, *STEP, *NEXT, *STEP, *NEXT, *DONE]
    payloads = [call.payload for call in calls(execution, "ContinueRollout")]
    assert [one["rollout"]["percent"] for one in payloads] == [10, 50]
    assert {one["lease"]["fence"] for one in payloads} == {7}
    assert payloads[0]["part"]["settings"]["steps"] == [10, 50]
    watches = [call.payload for call in calls(execution, "stage/Watch")]
    assert [one["paused"] for one in watches] == [*STEPPED, *STEPPED, None]
    assert ended(execution, "passed", "no alarm was in ALARM")


def test_a_pause_that_no_request_meets_is_not_watched(runner: WorkflowRunner) -> None:
    """R12: before the first share of a canary on ECS, and after a migration, the stage goes on at once."""
    execution = runner.run(
        "stage", {"ApplyService": answer(rollout("paused", 0)), "ContinueRollout": [AT_10, AS_USUAL]}
    )
    assert execution.states == [*BEGUN, *NEXT, *STEP, *NEXT, *DONE]
    assert execution.payload_of("stage/Watch")
    assert ended(execution, "passed")


def test_a_step_is_compared_since_the_first_share(runner: WorkflowRunner) -> None:
    """R13: each watch of a step gets the rollout, and when requests began to be shared; each part has its own time."""
    second = encode(replace(SERVICE, name="hello-service/other"))
    script: dict[str, Any] = {"ApplyService": AT_10, "ContinueRollout": [AT_50, AS_USUAL, AS_USUAL]}
    execution = runner.run("stage", script, parts=[*STEPPED, second])
    watches = calls(execution, "stage/Watch")
    assert [one.payload["rollout"] and one.payload["rollout"]["percent"] for one in watches] == [10, 50, 10, None]
    since = [one.payload["since"] for one in watches]
    assert since[0] == since[1] < since[2]
    first = datetime.fromisoformat(since[0]).timestamp()
    assert first <= watches[0].at


@pytest.mark.parametrize(("watched", "expected"), [(60, 60), (600, 300)])
def test_a_step_is_watched_as_its_part_says(runner: WorkflowRunner, watched: int, expected: int) -> None:
    """No longer than the environment is watched after a release, which the operator decides."""
    place = encode(replace(ENVIRONMENTS[0], watch_seconds=watched))
    execution = runner.run("stage", {"ApplyService": AT_10}, parts=STEPPED, environment=place)
    first = calls(execution, "stage/Watch")[0]
    left = datetime.fromisoformat(first.payload["until"]).timestamp() - first.at
    assert expected - 30 < left <= expected


def test_an_alarm_at_a_step_is_rolled_back(runner: WorkflowRunner) -> None:
    """R12: the reason names part and share, no further request meets the release, and the rollback uses the lease."""
    script = {"ApplyService": AT_10, "Watch": answer(watch("breached", "alarm 5xx is in ALARM", "5xx"))}
    execution = runner.run("stage", script)
    assert execution.states == [*BEGUN, *STEP, *BACK]
    assert ended(execution, "restored", "hello at 10 % of the requests: alarm 5xx is in ALARM")
    assert execution.payload_of("RestoreService")["lease"]["fence"] == 7


def test_a_bad_sample_at_a_step_is_followed_by_another(runner: WorkflowRunner) -> None:
    """R13: as in the watch of the whole release, only several in a row are a breach."""
    sick = answer(watch("unhealthy", "hello is not healthy: 503"))
    execution = runner.run("stage", {"ApplyService": AT_10, "Watch": [sick, AS_USUAL, AS_USUAL]})
    assert execution.states == [*BEGUN, *STEP, "SampleAgain", *STEP[1:], *NEXT, *DONE]
    assert ended(execution, "passed")


REVIEW = ["RequestApproval", "AwaitApproval", "ReadDecision"]
WARNED: dict[str, Any] = {"ApplyService": AT_10, "Watch": [answer(watch("review", "cpu is in ALARM", "cpu")), AS_USUAL]}


def test_a_reviewed_warning_at_a_step_goes_on(runner: WorkflowRunner) -> None:
    """R2: the step ends well after the review, and later watches know the warning."""
    execution = runner.run("stage", WARNED)
    assert execution.states == [*BEGUN, *STEP, *REVIEW, "Watch", "WhatWasSeen", *NEXT, *DONE]
    assert (
        "hello at 10 % of the requests: cpu is in ALARM" in execution.payload_of("RequestApproval", times=1)["reason"]
    )
    assert execution.payload_of("stage/Watch")["reviewed"] == ["cpu"]
    assert ended(execution, "passed")


def test_a_rejected_warning_at_a_step_is_rolled_back(runner: WorkflowRunner) -> None:
    """The reason names warning and decision."""
    execution = runner.run("stage", {**WARNED, "AwaitApproval": answer(decision("rejected", "too slow"))})
    assert execution.states == [*BEGUN, *STEP, *REVIEW, *BACK]
    assert ended(execution, "restored", "cpu is in ALARM", "too slow")


def test_a_rollout_of_aws_is_awaited(runner: WorkflowRunner) -> None:
    """Under way, paused, under way again, done: its event ends each wait, and steps are watched as always."""
    underway = answer(rollout("underway"))
    running = runner.start(
        "stage",
        {"ApplyService": underway, "AwaitRollout": [SILENCE, AS_USUAL], "ContinueRollout": underway},
    )
    running.complete("stage/AwaitRollout", rollout("paused", 10))
    execution = running.end()
    wait = ["AwaitRollout", "RolloutState"]
    assert execution.states == [*BEGUN, *wait, *STEP, *NEXT, *wait, *DONE]
    first = calls(execution, "AwaitRollout")[0]
    left = datetime.fromisoformat(first.payload["until"]).timestamp() - first.at
    assert 0 < left <= budgets.APPLICATION * 60
    assert ended(execution, "passed")


def test_a_rollout_without_events_is_asked_at_each_backstop(runner: WorkflowRunner) -> None:
    """A lost event costs one backstop."""
    execution = runner.run("stage", {"ApplyService": answer(rollout("underway")), "AwaitRollout": [SILENCE, AS_USUAL]})
    assert execution.states == [*BEGUN, "AwaitRollout", "RolloutState", *DONE]
    assert execution.payload_of("AwaitRollout", times=2)
    assert ended(execution, "passed")


@pytest.mark.parametrize("state", ["ApplyService", "AwaitRollout", "ContinueRollout"])
def test_a_failed_rollout_is_rolled_back(runner: WorkflowRunner, state: str) -> None:
    """Whoever says so, the reason is that of the target."""
    leads: dict[str, Any] = {"ContinueRollout": {"ApplyService": AT_10}}
    leads["AwaitRollout"] = {"ApplyService": answer(rollout("underway"))}
    execution = runner.run("stage", {**leads.get(state, {}), state: answer(rollout("failed", 0, "tasks crash"))})
    assert execution.states[-len(BACK) - 2 :] == ["RolloutState", "RolloutFailed", *BACK]
    assert ended(execution, "restored", "tasks crash", "hello runs 41")


@pytest.mark.parametrize("state", ["AwaitRollout", "ContinueRollout"])
def test_a_fault_in_a_rollout_is_rolled_back(runner: WorkflowRunner, state: str) -> None:
    """The step may have been taken, so the way back is taken; the reason names the state."""
    before = {"AwaitRollout": rollout("underway"), "ContinueRollout": rollout("paused", 10)}[state]
    execution = runner.run("stage", {"ApplyService": answer(before), state: raises("StaleLeaseError")})
    assert execution.states[-len(BACK) - 1 :] == [state, *BACK]
    assert ended(execution, "restored", f"{state}: ")


@pytest.mark.parametrize("outcome", ["paused", "underway"])
def test_a_rollout_over_the_time_of_the_services_goes_back(runner: WorkflowRunner, outcome: str) -> None:
    """P10: before its next step, and not only once it is done."""
    execution = runner.over_budget().run("stage", {"ApplyService": answer(rollout(outcome, 10))}, parts=STEPPED)
    assert execution.states == [*BEGUN, "ApplicationTooSlow", *BACK]
    assert ended(execution, "restored", "the services took 0 min to apply, 0 allowed in an environment")


def test_the_watch_of_a_step_is_no_time_of_the_services(runner: WorkflowRunner) -> None:
    """P10: the deadline of what AWS does after a step is as far away as before it; a wait of people moves it, too."""
    underway = answer(rollout("underway"))
    script: Script = {
        "ApplyService": underway,
        "AwaitRollout": [answer(rollout("paused", 10)), AS_USUAL],
        "ContinueRollout": underway,
        "Watch": [SILENCE, AS_USUAL],
    }
    execution = runner.run("stage", script)
    first, second = calls(execution, "AwaitRollout")
    seen = [call.at for call in calls(execution, "stage/Watch")]
    moved = datetime.fromisoformat(second.payload["until"]) - datetime.fromisoformat(first.payload["until"])
    assert moved.total_seconds() >= seen[1] - seen[0]
