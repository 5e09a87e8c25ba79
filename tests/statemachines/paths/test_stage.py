"""The paths through `stage.asl.json`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from functions.handler import encode
from tests.statemachines.paths.answers import (
    ENVIRONMENTS,
    INFRASTRUCTURE,
    SERVICE,
    build_end,
    decision,
    environment,
    restored,
    steps,
    turn,
    watch,
    window,
)
from tests.statemachines.paths.executions import AS_USUAL, SILENCE, EndedExecution, answer, raises
from tests.statemachines.paths.runner import BACKSTOP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.statemachines.paths.runner import WorkflowRunner

WINDOW = ["CheckEvidence", "EvidenceComplete", "CheckWindow", "WindowOpen"]
ENTERED = ["Open", "ReadRecord", *WINDOW, "ReadBaseline", "ApprovalNeeded"]
APPROVAL = [*ENTERED, "RequestApproval", "AwaitApproval", "ReadDecision"]
LOCK = ["AcquireLock", "LockTaken"]
TURN = [*ENTERED, *LOCK]
# The alarms are read again under the lock.
BASELINE = ["ReadBaseline", "ApprovalNeeded"]
OPENED = [*TURN, *BASELINE, "EndEnhancedWatch"]
LEDGER = ["NextPart", "WriteLedger", "WayOfPart"]
SERVICE_PART = [*LEDGER, "ApplyService", "RolloutState", "RecordPart"]
COMMAND_PART = [*LEDGER, "StartBuild", "AwaitBuild", "CommandSucceeded", "RecordPart"]
APPLIED = [*OPENED, *SERVICE_PART, "NextPart"]
VERIFIED = [*APPLIED, "Verify", "Verified", "TestsWanted"]
WATCHED = [*VERIFIED, "Watch", "WhatWasSeen"]
END = ["ReleaseLock", "Conclude", "Announce", "Ended"]
GOOD = ["RecordGood", "WatchOn", *END]
# The states from the lock to the end.
THROUGH = [*WATCHED[len(ENTERED) :], *GOOD]
BACK = ["RollBack", *END]
WITH_APPROVAL = encode(environment("production", approval=True))
COMMAND_BACK = answer(steps("infrastructure"))


def ended(execution: EndedExecution, result: str, *words: str) -> bool:
    """Whether the execution succeeded, and its output has this result and a reason that holds these words."""
    assert execution.status == "SUCCEEDED", (execution.error, execution.states)
    assert execution.output["result"] == result, execution.output
    assert execution.payload_of("stage/Conclude", times=1)["result"] == result
    assert all(word in execution.output["reason"] for word in words), execution.output["reason"]
    return True


def test_a_release_passes_a_stage(runner: WorkflowRunner) -> None:
    """Without approval a stage takes the lock, changes, verifies, watches, and ends as passed."""
    execution = runner.run("stage")
    assert execution.states == [*WATCHED, *GOOD]
    assert ended(execution, "passed", "no alarm was in ALARM")
    assert [kind for kind, _ in runner.announced(execution, 1)] == ["StageFinished"]
    assert runner.announced(execution, 1)[0][1] == execution.output


def test_the_payloads_of_the_handlers(runner: WorkflowRunner) -> None:
    """Every handler that changes the environment gets the lease, and parts arrive as the plan wrote them."""
    execution = runner.run("stage")
    roles = ("WriteLedger", "ApplyService", "RecordPart", "RecordGood")
    assert {execution.payload_of(state)["lease"]["fence"] for state in roles} == {7}
    assert execution.payload_of("ApplyService")["part"] == encode(SERVICE)
    assert execution.payload_of("RecordPart")["version"] == "42"
    assert execution.payload_of("Watch")["reviewed"] == []


def test_an_approved_release_goes_on(runner: WorkflowRunner) -> None:
    """The approval comes before the request for the lock."""
    execution = runner.run("stage", environment=WITH_APPROVAL)
    assert execution.states == [*APPROVAL, *ENTERED[2:], *THROUGH]
    assert execution.payload_of("RequestApproval", times=1)["purpose"] == "deploy"
    assert ended(execution, "passed")


@pytest.mark.parametrize("outcome", ["rejected", "expired", "superseded", "void"])
def test_without_an_approval_nothing_is_touched(runner: WorkflowRunner, outcome: str) -> None:
    """Any other decision ends the stage with its own result, without lock and without rollback."""
    script = {"AwaitApproval": answer(decision(outcome, "because"))}
    execution = runner.run("stage", script, environment=WITH_APPROVAL)
    assert execution.states == [*APPROVAL, "NotApproved", *END]
    assert ended(execution, outcome, "because")


def test_a_request_that_cannot_be_sent_ends_the_stage(runner: WorkflowRunner) -> None:
    """The stage ends as failed, and its reason names the handler."""
    script = {"RequestApproval": raises("NotificationError", "the topic is gone")}
    execution = runner.run("stage", script, environment=WITH_APPROVAL)
    assert execution.states == [*ENTERED, "RequestApproval", "ReadDecision", "NotApproved", *END]
    assert ended(execution, "failed", "RequestApproval: NotificationError", "the topic is gone")


def test_an_approval_by_event_needs_no_second_query(runner: WorkflowRunner) -> None:
    """A decision made while the stage waits completes the wait at once."""
    running = runner.start("stage", {"AwaitApproval": SILENCE}, environment=WITH_APPROVAL)
    running.complete("stage/AwaitApproval", decision("approved"))
    execution = running.end()
    assert execution.payload_of("AwaitApproval", times=1)
    assert ended(execution, "passed")


def test_a_waiting_stage_gets_the_lock_in_its_turn(runner: WorkflowRunner) -> None:
    """A stage waits for a held lock, and goes on with the lease that it gets."""
    execution = runner.run("stage", {"AcquireLock": answer(turn("waiting", "held by d-1"))})
    assert execution.states == [*TURN, "AwaitLock", "LockTaken", *THROUGH[len(LOCK) :]]
    assert execution.payload_of("ApplyService")["lease"]["fence"] == 7
    assert ended(execution, "passed")


def test_a_newer_release_supersedes_a_waiting_one(runner: WorkflowRunner) -> None:
    """A stage that waits for the lock ends as superseded and changes nothing."""
    lost = answer(turn("superseded", "a newer release waits"))
    execution = runner.run("stage", {"AcquireLock": answer(turn("waiting")), "AwaitLock": lost})
    assert execution.states == [*TURN, "AwaitLock", "LockTaken", *END]
    assert ended(execution, "superseded", "a newer release waits")


@pytest.mark.parametrize("before", [[], ["AwaitLock", "LockTaken"]], ids=["at once", "in the queue"])
def test_nothing_deploys_to_a_frozen_environment(runner: WorkflowRunner, before: list[str]) -> None:
    """R5: a release that finds a freeze under the lock gives the lock back, waits for the unfreeze, and enters then."""
    frozen = answer(turn("frozen", "frozen by rollback"))
    script: dict[str, Any] = {
        "AcquireLock": [answer(turn("waiting")) if before else frozen, AS_USUAL],
        "AwaitLock": frozen,
        "CheckWindow": [AS_USUAL, answer(window("frozen", "frozen by rollback")), AS_USUAL],
    }
    execution = runner.run("stage", script)
    waited = ["YieldLock", *WINDOW, "AwaitUnfreeze", "Unfrozen"]
    assert execution.states == [*TURN, *before, *waited, *ENTERED[2:], *THROUGH]
    assert execution.payload_of("YieldLock", times=1)["execution"].endswith(f":{execution.name}")
    assert ended(execution, "passed", "no alarm was in ALARM")


def test_a_lock_that_cannot_be_given_back_ends_the_stage(runner: WorkflowRunner) -> None:
    """A release that may still hold the lock does not wait for an unfreeze: rollbacks would wait behind it."""
    script = {"AcquireLock": answer(turn("frozen")), "YieldLock": raises("BadInputError", "no such lock")}
    execution = runner.run("stage", script)
    assert execution.states == [*TURN, "YieldLock", *END]
    assert ended(execution, "failed", "YieldLock: BadInputError", "no such lock")


def test_infrastructure_comes_before_the_service(runner: WorkflowRunner) -> None:
    """Parts are applied one after the other in the plan's order, each after its ledger entry."""
    execution = runner.run("stage", parts=encode((INFRASTRUCTURE, SERVICE)))
    assert execution.states == [*OPENED, *COMMAND_PART, *SERVICE_PART, "NextPart", *WATCHED[len(APPLIED) :], *GOOD]
    ledger = [call.payload for call in execution.calls if call.role.startswith("stage/WriteLedger")]
    assert [(entry["order"], entry["part"]["name"]) for entry in ledger] == [(0, "infrastructure"), (1, "hello")]
    assert execution.payload_of("StartBuild")["project"] == "deploy-test"


def test_parts_of_an_earlier_plan_format_are_applied(runner: WorkflowRunner) -> None:
    """A deployment that began before `way` existed has parts without it: those with a buildspec are built."""
    parts = [{key: value for key, value in encode(part).items() if key != "way"} for part in (INFRASTRUCTURE, SERVICE)]
    execution = runner.run("stage", parts=parts)
    assert execution.states == [*OPENED, *COMMAND_PART, *SERVICE_PART, "NextPart", *WATCHED[len(APPLIED) :], *GOOD]


def test_a_failed_command_is_rolled_back(runner: WorkflowRunner) -> None:
    """A command that fails is rolled back, and its message is in the reason."""
    script = {"AwaitBuild": answer(build_end("failed", "exit 3"))}
    execution = runner.run("stage", script, parts=encode((INFRASTRUCTURE,)))
    assert execution.states == [*OPENED, *COMMAND_PART[:-1], "CommandFailed", *BACK]
    assert ended(execution, "restored", "infrastructure failed: exit 3")


FAULTS: dict[str, tuple[Mapping[str, Any], list[str]]] = {
    "ApplyService": (raises("DeployTargetError"), [*OPENED, *LEDGER, "ApplyService"]),
    "RecordPart": (raises("StaleLeaseError"), [*OPENED, *SERVICE_PART]),
    "Verify": (raises("BadInputError"), [*APPLIED, "Verify"]),
    "RecordGood": (raises("StaleLeaseError"), [*WATCHED, "RecordGood"]),
}


@pytest.mark.parametrize("state", FAULTS)
def test_a_fault_after_the_lock_is_rolled_back(runner: WorkflowRunner, state: str) -> None:
    """Any handler that fails under the lock causes a rollback under the same lease, and the reason names it."""
    line, way = FAULTS[state]
    execution = runner.run("stage", {state: dict(line)})
    assert execution.states == [*way, *BACK]
    assert ended(execution, "restored", f"{state}: {line['error']}", "hello runs 41")
    assert execution.payload_of("RestoreService")["lease"]["fence"] == 7
    child = execution.children["test-rollback"]
    assert "AcquireLock" not in child.states


def test_a_breach_at_the_first_query_is_rolled_back(runner: WorkflowRunner) -> None:
    """A breach in the watch's first query is rolled back, with the time of the alarm."""
    execution = runner.run("stage", {"Watch": answer(watch("breached", "alarm 5xx is in ALARM", "5xx"))})
    assert execution.states == [*WATCHED, *BACK]
    assert ended(execution, "restored", "alarm 5xx is in ALARM")
    assert execution.payload_of("RecordRollback")["breachedAt"] == "2025-01-01T00:00:00Z"


def test_an_alarm_is_rolled_back_at_once(runner: WorkflowRunner) -> None:
    """An alarm's event ends the watch at once, long before the next query."""
    running = runner.start("stage", {"Watch": SILENCE})
    running.called("stage/Watch")
    breached = time.time()
    running.complete("stage/Watch", watch("breached", "alarm 5xx is in ALARM", "5xx"))
    planned = running.called("rollback/PlanRollback")
    assert planned.at - breached < BACKSTOP_SECONDS
    execution = running.end()
    assert execution.states == [*WATCHED, *BACK]
    assert execution.payload_of("Watch", times=1)


def test_a_watch_queries_again_at_its_backstop(runner: WorkflowRunner) -> None:
    """A watch without events queries again and uses the state that it reads then."""
    execution = runner.run("stage", {"Watch": [SILENCE, AS_USUAL]})
    assert execution.states == [*WATCHED, *GOOD]
    assert execution.payload_of("Watch", times=2)


REVIEW = [*WATCHED, "RequestApproval", "AwaitApproval", "ReadDecision"]


def test_a_reviewed_warning_goes_on(runner: WorkflowRunner) -> None:
    """A warning that a person has approved causes no second review, and the release passes."""
    script = {"Watch": [answer(watch("review", "alarm slow is in ALARM", "slow")), AS_USUAL]}
    execution = runner.run("stage", script)
    assert execution.states == [*REVIEW, "Watch", "WhatWasSeen", *GOOD]
    assert execution.payload_of("RequestApproval", times=1)["purpose"] == "review"
    assert execution.payload_of("Watch")["reviewed"] == ["slow"]
    assert ended(execution, "passed")


def test_every_reviewed_warning_is_remembered(runner: WorkflowRunner) -> None:
    """A second warning causes a second review; the watch then has both."""
    first, second = answer(watch("review", "slow", "slow")), answer(watch("review", "both", "queue", "disk"))
    execution = runner.run("stage", {"Watch": [first, second, AS_USUAL]})
    assert execution.payload_of("Watch", times=3)["reviewed"] == ["slow", "queue", "disk"]
    assert ended(execution, "passed")


@pytest.mark.parametrize("outcome", ["rejected", "expired", "superseded", "void"])
def test_a_warning_without_approval_is_rolled_back(runner: WorkflowRunner, outcome: str) -> None:
    """A review without approval is rolled back; the reason names warning and decision."""
    script = {
        "Watch": answer(watch("review", "alarm slow is in ALARM", "slow")),
        "AwaitApproval": answer(decision(outcome, "too slow")),
    }
    execution = runner.run("stage", script)
    assert execution.states == [*REVIEW, *BACK]
    assert ended(execution, "restored", "alarm slow is in ALARM", "too slow")


@pytest.mark.parametrize("result", ["partly", "unknown"])
def test_the_result_of_the_rollback_is_the_stages(runner: WorkflowRunner, result: str) -> None:
    """A stage ends with the result of its rollback, whichever it is."""
    script = {"ApplyService": raises("DeployTargetError"), "VerifyRestored": answer(restored(result, "as found"))}
    execution = runner.run("stage", script)
    assert ended(execution, result, "DeployTargetError", "as found")


def test_a_failed_rollback_is_unknown(runner: WorkflowRunner) -> None:
    """A rollback that fails without a result makes the stage unknown; the lock is still released."""
    broken = encode(replace(ENVIRONMENTS[0], stabilise_seconds=-1))
    execution = runner.run("stage", {"ApplyService": raises("DeployTargetError")}, environment=broken)
    assert execution.states == [*OPENED, *LEDGER, "ApplyService", *BACK]
    assert execution.children["test-rollback"].status == "FAILED"
    assert ended(execution, "unknown", "the rollback broke")


def test_a_stopped_rollback_is_unknown(runner: WorkflowRunner) -> None:
    """A rollback that a person stops makes the stage unknown."""
    running = runner.start(
        "stage",
        {"AwaitBuild": answer(build_end("failed")), "rollback/AwaitBuild": SILENCE, "PlanRollback": COMMAND_BACK},
        parts=encode((INFRASTRUCTURE,)),
    )
    running.stop("rollback/AwaitBuild")
    execution = running.end()
    assert execution.states[-5:] == BACK
    assert ended(execution, "unknown", "the rollback broke")


def test_a_lock_that_cannot_be_released_changes_no_result(runner: WorkflowRunner) -> None:
    """A failing ReleaseLock changes neither the result nor the end."""
    execution = runner.run("stage", {"ReleaseLock": raises("BadInputError")})
    assert execution.states == [*WATCHED, *GOOD]
    assert ended(execution, "passed")


def test_a_result_that_cannot_be_written_is_still_announced(runner: WorkflowRunner) -> None:
    """A failing Conclude leaves the result in the execution's output and on the bus."""
    execution = runner.run("stage", {"Conclude": raises("BadInputError")})
    assert execution.states == [*WATCHED, *GOOD]
    assert execution.output["result"] == "passed"
    assert runner.announced(execution, 1)[0][1] == execution.output
