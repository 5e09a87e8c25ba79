"""Old versions of functions and workflows are deleted; on the embedded AWS, because moto has no such versions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.adapters.clock import Clock
from functions.events.prune_versions import prune_versions
from local.clients import Clients
from tests.functions.published import Published, aws

__all__ = ["aws"]


class Later(Clock):
    """A clock that is two days ahead."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=2)


def prune(stack: Published, clock: Clock | None = None) -> list[str]:
    """What one run deletes: the names with their numbers."""
    event: dict[str, Any] = {}
    return sorted(one.rpartition(":")[2] for one in prune_versions(event, stack.versions, clock or Later()).deleted)


def test_what_a_running_execution_can_call_is_kept(aws: Clients) -> None:
    """P9: its own function versions and those of the workflows that it starts, until it has ended."""
    stack = Published(aws)
    stack.update()
    execution = stack.start()
    stack.update()
    stack.update()
    assert prune(stack, Clock()) == []
    assert stack.numbers() == {"function": [1, 2, 3, 4], "outer": [1, 2, 3, 4], "inner": [1, 2, 3, 4]}
    prune(stack)
    assert stack.numbers() == {"function": [2, 4], "outer": [4], "inner": [2, 4]}
    stack.states.stop_execution(executionArn=execution)
    prune(stack)
    assert stack.numbers() == {"function": [4], "outer": [4], "inner": [4]}
    assert prune(stack) == []


def test_a_version_that_no_definition_names_yet_is_kept(aws: Clients) -> None:
    """An update publishes functions before the definitions that name them; a definition may name no version at all."""
    stack = Published(aws)
    stack.publish_function()
    assert prune(stack) == []
    stack.publish(stack.outer, stack.publish(stack.inner, stack.arn))
    prune(stack)
    assert stack.numbers() == {"function": [2], "outer": [2], "inner": [2]}
