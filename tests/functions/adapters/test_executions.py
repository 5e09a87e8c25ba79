"""Starting, stopping and reading executions."""

import pytest

from functions.adapters.executions import Executions
from tests.functions.stack import MACHINES, Stack


def test_a_name_starts_once(stack: Stack) -> None:
    """Another input under the same name starts nothing, and returns the ARN of the first execution."""
    executions = Executions.connect(stack.clients)
    arn, started = executions.start(MACHINES["stage"], "one", {"a": 1})
    assert started
    assert executions.start(MACHINES["stage"], "one", {"a": 2}) == (arn, False)
    assert executions.input(arn) == {"a": 1}


def test_the_end_of_an_execution_is_remembered(stack: Stack) -> None:
    """An ended execution is described once and then cached; a running one is described each time."""
    executions, execution = Executions.connect(stack.clients), stack.execution("stage", "one")
    stack.recording = True
    assert executions.is_running(execution)
    stack.kill(execution)
    assert [executions.is_running(execution) for _ in range(3)] == [False] * 3
    stack.recording = False
    assert [call.action for call in stack.calls].count("states:DescribeExecution") == 2


def test_an_execution_is_stopped_and_says_why(stack: Stack) -> None:
    """A stopped execution has the cause; stopping it again, or an unknown one, is no error."""
    executions, execution = Executions.connect(stack.clients), stack.execution("stage", "one")
    stack.recording = True
    for _ in range(2):
        executions.stop(execution, "its deployment was stopped")
        assert not executions.is_running(execution)
    stack.recording = False
    assert stack.stopped() == {execution: "its deployment was stopped"}
    executions.stop(f"{execution}-unknown", "x")


def test_what_has_ended_exists_and_what_never_began_does_not(stack: Stack) -> None:
    """An ended execution is described; an unknown one is None."""
    executions, execution = Executions.connect(stack.clients), stack.execution("stage", "one")
    stack.kill(execution)
    assert executions.describe(execution)
    assert executions.describe(f"{execution}-unknown") is None


@pytest.mark.parametrize("unknown", ["", MACHINES["stage"].replace("stateMachine", "execution") + ":unknown"])
def test_an_unknown_execution_does_not_run(stack: Stack, unknown: str) -> None:
    """An unknown execution, and an empty ARN, are not running."""
    assert not Executions.connect(stack.clients).is_running(unknown)


def test_the_state_of_an_execution_is_its_last_one(stack: Stack) -> None:
    """However many events lie between; moto calls it so."""
    executions = Executions.connect(stack.clients)
    assert executions.state(stack.execution("deployment", "new")) == "A State"
