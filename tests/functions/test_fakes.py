"""The fakes behave like the real adapters."""

import json
from typing import Any

import pytest

from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.domain.watches import Watch
from tests.functions.fakes import FakeExecutions, RecordingTokens
from tests.functions.stack import Stack, failing


@pytest.mark.parametrize("kind", ["real", "fake"])
def test_an_execution_runs_until_it_ends(stack: Stack, kind: str) -> None:
    """An unknown execution, and an empty name, neither run nor have ended; an end is final."""
    execution = stack.execution("stage", "one")
    fake = FakeExecutions(execution)
    executions: Any = Executions.connect(stack.clients) if kind == "real" else fake
    assert executions.is_running(execution)
    assert not executions.is_running(execution + "-unknown")
    assert not executions.is_running("")
    assert not any(executions.has_ended(one) for one in (execution, execution + "-unknown"))
    stack.kill(execution)
    fake.alive.clear()
    assert not executions.is_running(execution)
    assert not executions.is_running(execution)
    assert executions.has_ended(execution)


@pytest.mark.parametrize("kind", ["real", "fake"])
def test_a_token_is_completed_once(stack: Stack, kind: str) -> None:
    """The first answer counts; a second returns False and raises nothing."""
    fake = RecordingTokens()
    tokens: Any = TaskTokens.connect(stack.clients) if kind == "real" else fake
    stack.recording = True
    assert tokens.succeed("token", Watch("healthy", "quiet"))
    stack.recording = False
    answer = stack.completed()["token"] if kind == "real" else fake.completed["token"]
    assert json.loads(json.dumps(answer)) == {"outcome": "healthy", "reason": "quiet", "breachedAt": "", "alarms": []}
    client = stack.client("stepfunctions")
    gone = client.exceptions.TaskTimedOut({"Error": {"Code": "TaskTimedOut", "Message": "x"}}, "SendTaskSuccess")
    with failing(client, "SendTaskSuccess", gone):
        assert not tokens.succeed("token", {})
