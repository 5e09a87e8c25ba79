"""The paths of a part whose change never began: it counts as unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.handler import encode
from tests.statemachines.paths.answers import INFRASTRUCTURE, SERVICE, build_end
from tests.statemachines.paths.executions import answer, raises
from tests.statemachines.paths.test_stage import BACK, COMMAND_PART, END, OPENED, SERVICE_PART, ended

if TYPE_CHECKING:
    from tests.statemachines.paths.runner import WorkflowRunner

UNSTARTED = [*COMMAND_PART[:-1], "WithdrawLedger", "AnythingChanged"]


def test_a_command_that_never_started_has_changed_nothing(runner: WorkflowRunner) -> None:
    """Its project went with its environment: the stage fails without a rollback, so nothing is frozen."""
    script = {"AwaitBuild": answer(build_end("not started", "no such project"))}
    execution = runner.run("stage", script, parts=encode((INFRASTRUCTURE, SERVICE)))
    assert execution.states == [*OPENED, *UNSTARTED, *END]
    assert ended(execution, "failed", "infrastructure not started: no such project")
    withdrawn = execution.payload_of("WithdrawLedger", times=1)
    assert (withdrawn["part"], withdrawn["lease"]["fence"]) == ("infrastructure", 7)


def test_parts_before_a_command_that_never_started_go_back(runner: WorkflowRunner) -> None:
    """What was changed is restored, with the reason why the next part did not begin."""
    script = {"AwaitBuild": answer(build_end("not started", "no such project"))}
    execution = runner.run("stage", script, parts=encode((SERVICE, INFRASTRUCTURE)))
    assert execution.states == [*OPENED, *SERVICE_PART, *UNSTARTED, *BACK]
    assert ended(execution, "restored", "infrastructure not started: no such project", "hello runs 41")


def test_an_entry_that_cannot_be_withdrawn_is_rolled_back(runner: WorkflowRunner) -> None:
    """As long as the ledger says that the part may have changed, it counts as changed."""
    script = {"AwaitBuild": answer(build_end("not started")), "WithdrawLedger": raises("StaleLeaseError")}
    execution = runner.run("stage", script, parts=encode((INFRASTRUCTURE,)))
    assert execution.states == [*OPENED, *UNSTARTED[:-1], *BACK]
    assert ended(execution, "restored", "infrastructure not started", "WithdrawLedger: StaleLeaseError")


def test_a_part_whose_way_back_cannot_be_written_is_not_changed(runner: WorkflowRunner) -> None:
    """Its deploy role may be gone with its environment: the first part ends the stage as failed, without a rollback."""
    execution = runner.run("stage", {"WriteLedger": raises("ClientError", "AccessDenied: sts:AssumeRole")})
    assert execution.states == [*OPENED, "NextPart", "WriteLedger", "WithdrawLedger", "AnythingChanged", *END]
    assert ended(execution, "failed", "WriteLedger: ClientError", "sts:AssumeRole")
