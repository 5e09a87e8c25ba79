"""The states that an execution entered: read once, and only what is new after that."""

from typing import Any

from functions.adapters.state_trails import StateTrails
from tests.functions.consoles import histories
from tests.functions.stack import Stack


def test_a_history_is_read_back_to_what_is_known(stack: Stack) -> None:
    """The order is that of the states; another reading adds the new ones."""
    execution, trails = stack.execution("stage", "one"), StateTrails.connect(stack.clients)
    with histories(stack, {"one": ("Open", "CheckWindow")}):
        assert [one.state for one in trails.of(execution)] == ["Open", "CheckWindow"]
    with histories(stack, {"one": ("Open", "CheckWindow", "AcquireLock")}):
        assert [one.state for one in trails.of(execution)] == ["Open", "CheckWindow", "AcquireLock"]
    found = trails.of(stack.execution("stage", "two"))
    assert [one.state for one in found] != ["Open"], "each execution has its own"


def test_only_the_newest_trails_are_kept(stack: Stack, monkeypatch: Any) -> None:
    """A function lives for hours."""
    monkeypatch.setattr("functions.adapters.state_trails._KEPT", 2)
    trails = StateTrails.connect(stack.clients)
    executions = [stack.execution("stage", name) for name in ("a", "b", "c")]
    with histories(stack, {"": ("Open",)}):
        for one in executions:
            trails.of(one)
    assert list(trails._known) == executions[1:]
