"""The paths through `rollback.asl.json`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from functions.domain import budgets
from functions.handler import encode
from statemachines.policies import VERIFY_TIMES
from tests.statemachines.paths.answers import LEASE, VERIFIED_AT, build_end, quiet, restored, rollout, steps, turn
from tests.statemachines.paths.executions import AS_USUAL, SILENCE, EndedExecution, Script, answer, raises

if TYPE_CHECKING:
    from tests.statemachines.paths.runner import WorkflowRunner

OPENED = ["Open", "ReadRecord", "AnnounceStart", "LeaseGiven"]
ALONE = [*OPENED, "AcquireLock", "LockTaken"]
SERVICE_STEP = ["NextStep", "RestoreService", "RolloutState"]
COMMAND_STEP = ["NextStep", "StartBuild", "AwaitBuild", "CommandSucceeded", "RecordRestored"]
UNSETTLED = ["NextStep", "Stabilise", "VerifyRestored", "Verified"]
VERIFIED = [*UNSETTLED, "AwaitAlarms"]
AGAIN = ["VerifyAgain", "VerifyRestored", "Verified"]
END = ["RecordRollback", "ReleaseLock", "AnnounceEnd", "Ended"]
SICK = answer(restored("unknown", "hello is not healthy: 503", "unhealthy"))
UNDERWAY = answer(rollout("underway", 0))
WAIT = ["AwaitRollout", "RolloutState"]
BOTH = answer(steps("hello", "infrastructure"))


def ended(execution: EndedExecution, result: str, *words: str) -> bool:
    """Whether the execution succeeded, and its output has this result and a reason that holds these words."""
    assert execution.status == "SUCCEEDED", (execution.error, execution.states)
    assert execution.output["result"] == result, execution.output
    assert all(word in execution.output["reason"] for word in words), execution.output["reason"]
    return True


def test_a_given_lease_needs_no_lock(runner: WorkflowRunner) -> None:
    """A stage's rollback uses the stage's lease and hands it to every handler that changes something."""
    execution = runner.run("rollback", {"PlanRollback": BOTH}, lease=encode(LEASE))
    assert execution.states == [*OPENED, "PlanRollback", *SERVICE_STEP, *COMMAND_STEP, *VERIFIED, *END]
    assert (
        execution.payload_of("RestoreService")["lease"]
        == execution.payload_of("RecordRestored")["lease"]
        == encode(LEASE)
    )
    assert ended(execution, "restored", "hello runs 41")


def test_the_plan_gets_the_starter_of_the_rollback(runner: WorkflowRunner) -> None:
    """PlanRollback finds the builds of a stage by the stage's execution; a person's rollback has no stage."""
    execution = runner.run("rollback", AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID="the stage's execution")
    assert execution.payload_of("PlanRollback")["startedBy"] == "the stage's execution"
    assert runner.run("rollback").payload_of("PlanRollback")["startedBy"] == ""


def test_a_rollback_alone_takes_the_lock(runner: WorkflowRunner) -> None:
    """Without a lease a rollback takes the lock in its own mode, releases it, and announces its start and end."""
    execution = runner.run("rollback")
    assert execution.states == [*ALONE, "PlanRollback", *SERVICE_STEP, *VERIFIED, *END]
    assert execution.payload_of("AcquireLock", times=1)["rollback"] is True
    assert execution.payload_of("ReleaseLock", times=1)["execution"] == execution.payload_of("AcquireLock")["execution"]
    assert ended(execution, "restored")
    assert [kind for kind, _ in runner.announced(execution, 2)] == ["RollbackStarted", "RollbackFinished"]


@pytest.mark.parametrize("held", ["waiting", "superseded", "frozen"])
def test_a_rollback_waits_for_its_turn(runner: WorkflowRunner, held: str) -> None:
    """A rollback that does not get the lock at once waits for it, for every reason, and then goes on."""
    execution = runner.run("rollback", {"AcquireLock": answer(turn(held))})
    assert execution.states == [*ALONE, "AwaitLock", "LockTaken", "PlanRollback", *SERVICE_STEP, *VERIFIED, *END]
    assert execution.payload_of("AwaitLock", times=1)["rollback"] is True
    assert execution.payload_of("RestoreService")["lease"]["fence"] == LEASE.fence
    assert ended(execution, "restored")


def test_steps_are_taken_in_the_order_of_the_plan(runner: WorkflowRunner) -> None:
    """The last change is undone first; a command runs again with its earlier source and artifact."""
    execution = runner.run("rollback", {"PlanRollback": BOTH})
    assert execution.states == [*ALONE, "PlanRollback", *SERVICE_STEP, *COMMAND_STEP, *VERIFIED, *END]
    build = execution.payload_of("StartBuild")
    assert (build["source"], build["inputArtifact"]) == ("sources/earlier.zip", "deployments/earlier/build.zip")
    assert build["to"]["artifact"] == "deployments/earlier/build.zip"
    assert build["release"]["commit"] == "0" * 40
    assert build["release"]["repository"] == "example/hello"


def test_nothing_to_put_back_is_verified_too(runner: WorkflowRunner) -> None:
    """A rollback without steps still reads back what runs."""
    script = {"PlanRollback": answer(steps()), "VerifyRestored": answer(restored("partly", "hello: first release"))}
    execution = runner.run("rollback", script)
    assert execution.states == [*ALONE, "PlanRollback", *UNSETTLED, *END]
    assert ended(execution, "partly", "first release")


@pytest.mark.parametrize(
    ("script", "way", "said"),
    [
        (
            {"RestoreService": raises("DeployTargetError", "no alias")},
            [*SERVICE_STEP[:-1], *COMMAND_STEP],
            "hello: Deploy",
        ),
        (
            {"RestoreService": UNDERWAY, "AwaitRollout": raises("DeployTargetError", "no service")},
            [*SERVICE_STEP, "AwaitRollout", *COMMAND_STEP],
            "hello: ",
        ),
        (
            {"RestoreService": UNDERWAY, "AwaitRollout": answer(rollout("failed", 0, "its time ended"))},
            [*SERVICE_STEP, *WAIT, *COMMAND_STEP],
            "hello is not back: its time ended",
        ),
        (
            {"AwaitBuild": answer(build_end("failed", "exit 3"))},
            [*SERVICE_STEP, *COMMAND_STEP[:-1], "CommandFailed"],
            "infrastructure failed: exit 3",
        ),
        ({"StartBuild": raises("BadInputError")}, [*SERVICE_STEP, *COMMAND_STEP[:2]], "infrastructure: BadInputError"),
        ({"RecordRestored": raises("StaleLeaseError")}, [*SERVICE_STEP, *COMMAND_STEP], "infrastructure: StaleLease"),
    ],
)
def test_a_failed_step_does_not_stop_the_others(
    runner: WorkflowRunner, script: Script, way: list[str], said: str
) -> None:
    """Every other part is still restored, and the record names the part that could not be."""
    found = answer(restored("unknown", "hello runs 42 instead of 41"))
    execution = runner.run("rollback", {"PlanRollback": BOTH, "VerifyRestored": found, **script})
    assert execution.states == [*ALONE, "PlanRollback", *way, *UNSETTLED, *END]
    assert said in execution.payload_of("RecordRollback", times=1)["reason"]
    assert ended(execution, "unknown", said, "hello runs 42 instead of 41")


def test_a_way_back_of_aws_is_awaited(runner: WorkflowRunner) -> None:
    """R12: its event, or a backstop, ends each wait; then the target goes on until all requests meet the version."""
    running = runner.start(
        "rollback",
        {
            "PlanRollback": BOTH,
            "RestoreService": [UNDERWAY, UNDERWAY, AS_USUAL],
            "AwaitRollout": [SILENCE, SILENCE, AS_USUAL],
        },
        lease=encode(LEASE),
    )
    running.complete("rollback/AwaitRollout", rollout("done"))
    execution = running.end()
    way = [*SERVICE_STEP, *[*WAIT, "RestoreService", "RolloutState"] * 2, *COMMAND_STEP]
    assert execution.states == [*OPENED, "PlanRollback", *way, *VERIFIED, *END]
    waits = [call.payload for call in execution.calls if call.of("AwaitRollout")]
    assert [one["rollout"]["outcome"] for one in waits] == ["underway"] * 3
    assert len({one["until"] for one in waits}) == 1, "the time of the part begins once"
    left = datetime.fromisoformat(waits[0]["until"]).timestamp() - execution.calls[0].at
    assert 0 < left <= budgets.APPLICATION * 60 + 30
    assert {one["part"]["name"] for one in waits} == {"hello"}
    assert ended(execution, "restored")


def test_every_failure_is_named(runner: WorkflowRunner) -> None:
    """Two parts that can't be restored are two failures, in order."""
    script = {"RestoreService": raises("DeployTargetError"), "StartBuild": raises("BadInputError")}
    execution = runner.run("rollback", {"PlanRollback": BOTH, **script})
    failures = execution.payload_of("RecordRollback")["reason"].split("; ")[:2]
    assert [failure.partition(":")[0] for failure in failures] == ["hello", "infrastructure"]


def test_a_slow_service_is_verified_again(runner: WorkflowRunner) -> None:
    """A service that becomes healthy at a later check was restored."""
    execution = runner.run("rollback", {"VerifyRestored": [SICK, SICK, AS_USUAL]})
    way = [*ALONE, "PlanRollback", *SERVICE_STEP, *UNSETTLED, *AGAIN, *AGAIN, "AwaitAlarms", *END]
    assert execution.states == way
    assert ended(execution, "restored")
    assert "503" not in execution.output["reason"]


def test_a_service_that_never_becomes_healthy_is_unknown(runner: WorkflowRunner) -> None:
    """A service that is unhealthy at the last check ends the rollback as unknown, with that reason."""
    execution = runner.run("rollback", {"VerifyRestored": SICK})
    assert execution.states == [*ALONE, "PlanRollback", *SERVICE_STEP, *UNSETTLED, *AGAIN * (VERIFY_TIMES - 1), *END]
    assert execution.payload_of("RecordRollback")["result"] == "unknown"
    assert ended(execution, "unknown", "hello is not healthy: 503")


def test_a_state_that_cannot_be_read_is_unknown(runner: WorkflowRunner) -> None:
    """A fault of VerifyRestored ends the rollback as unknown, also after a check that found an unhealthy service."""
    execution = runner.run("rollback", {"VerifyRestored": [SICK, raises("SourceError")]})
    way = [*ALONE, "PlanRollback", *SERVICE_STEP, *UNSETTLED, "VerifyAgain", "VerifyRestored", *END]
    assert execution.states == way
    assert ended(execution, "unknown", "VerifyRestored: SourceError")


def test_an_alarm_that_stays_in_alarm_is_in_the_reason_only(runner: WorkflowRunner) -> None:
    """R5: the result is that of versions and health, and its time is theirs."""
    late = quiet("in alarm", "alarm errors is still in ALARM")
    execution = runner.run("rollback", {"AwaitAlarms": answer(late)})
    assert execution.states == [*ALONE, "PlanRollback", *SERVICE_STEP, *VERIFIED, *END]
    assert ended(execution, "restored", "hello runs 41; alarm errors is still in ALARM")
    assert execution.payload_of("RecordRollback")["verifiedAt"] == VERIFIED_AT


def test_alarms_are_awaited_until_an_event_or_the_backstop_ends_the_wait(runner: WorkflowRunner) -> None:
    """A lost event costs one backstop; the wait knows when the rollback began."""
    execution = runner.run("rollback", {"AwaitAlarms": [SILENCE, AS_USUAL]})
    assert ended(execution, "restored")
    assert execution.payload_of("AwaitAlarms", times=2)["startedAt"]


def test_alarms_that_cannot_be_read_are_in_the_reason_only(runner: WorkflowRunner) -> None:
    """R5: what runs was read, so the result stands."""
    execution = runner.run("rollback", {"AwaitAlarms": raises("BadInputError", "no role")})
    assert ended(execution, "restored", "hello runs 41", "AwaitAlarms: ")


def test_without_a_ledger_what_runs_is_read_back(runner: WorkflowRunner) -> None:
    """Without a plan nothing is changed; the running versions decide the result, and the reason names the fault."""
    execution = runner.run("rollback", {"PlanRollback": raises("BadInputError")})
    assert execution.states == [*ALONE, "PlanRollback", "VerifyRestored", "Verified", *END]
    assert ended(execution, "restored", "PlanRollback: BadInputError", "hello runs 41")


@pytest.mark.parametrize("lost", ["AcquireLock", "AwaitLock"])
def test_without_the_lock_nothing_is_changed(runner: WorkflowRunner, lost: str) -> None:
    """A fault of the lock handlers ends the rollback as unknown before anything is changed."""
    held = {"AcquireLock": answer(turn("waiting"))} if lost == "AwaitLock" else {}
    execution = runner.run("rollback", {**held, lost: raises("BadInputError")})
    assert execution.states == [*(ALONE[:5] if lost == "AcquireLock" else [*ALONE, "AwaitLock"]), *END]
    assert execution.payload_of("RecordRollback")["result"] == "unknown"
    assert ended(execution, "unknown", lost)
    assert not execution.output["reason"].endswith("; ")


FROZEN = ["RecordRollback", "Freeze", *END[1:]]


def test_a_record_that_fails_freezes_before_the_lock_is_released(runner: WorkflowRunner) -> None:
    """A rollback whose end can't be written is unknown: frozen, announced with cause and times, then ended."""
    execution = runner.run("rollback", {"RecordRollback": raises("BadInputError")})
    assert execution.states == [*ALONE, "PlanRollback", *SERVICE_STEP, *VERIFIED, *FROZEN]
    assert ended(execution, "unknown", "RecordRollback: BadInputError")
    assert runner.announced(execution, 2)[-1] == ("RollbackFinished", execution.output)
    assert {"cause", "breachedAt", "startedAt", "verifiedAt"} <= execution.output.keys()


def test_a_freeze_that_fails_is_announced(runner: WorkflowRunner) -> None:
    """The lock is still released, and people are notified that the environment is not frozen."""
    execution = runner.run("rollback", {"RecordRollback": raises("BadInputError"), "Freeze": raises("BadInputError")})
    assert execution.states == [*ALONE, "PlanRollback", *SERVICE_STEP, *VERIFIED, *FROZEN]
    assert ended(execution, "unknown", "RecordRollback: BadInputError", "could not be frozen: BadInputError")
    assert runner.announced(execution, 2)[-1] == ("RollbackFinished", execution.output)


def test_a_lock_that_cannot_be_released_changes_nothing(runner: WorkflowRunner) -> None:
    """A failing ReleaseLock leaves the result as it was."""
    execution = runner.run("rollback", {"ReleaseLock": raises("BadInputError")})
    assert execution.states[-4:] == END
    assert ended(execution, "restored")


def test_what_waits_for_a_person_is_reported(runner: WorkflowRunner) -> None:
    """M6: the other parts go back, and the reason of the result says which one did not; a person's rollback says so."""
    held = {**steps("infrastructure"), "held": ["hello was not rolled back"]}
    script: Script = {"PlanRollback": answer(held), "VerifyRestored": answer(restored("unknown", "hello"))}
    execution = runner.run("rollback", script)
    assert execution.states == [*ALONE, "PlanRollback", *COMMAND_STEP, *UNSETTLED, *END]
    assert execution.payload_of("PlanRollback")["agreed"] is False
    assert execution.payload_of("RecordRollback")["reason"] == "hello was not rolled back; hello"
    assert runner.run("rollback", agreed=True).payload_of("PlanRollback")["agreed"] is True
