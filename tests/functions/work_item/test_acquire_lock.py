"""AcquireLock: one execution per branch, without a queue."""

from typing import Any

from tests.functions.stack import Stack

KEY = "branch/acme/hello-service/kiro/greet"


def acquire(stack: Stack, execution: str) -> Any:
    """Run the handler for an execution."""
    return stack.run("work_item.acquire_lock", {"workId": "w", "execution": execution, "key": KEY})


def test_a_branch_is_locked_by_one_execution(stack: Stack) -> None:
    """The refusal names the owner; after the release, the next one gets it."""
    first, second = stack.execution("work_item", "first"), stack.execution("work_item", "second")
    assert acquire(stack, first)["outcome"] == "acquired"
    busy = acquire(stack, second)
    assert (busy["outcome"], first in busy["reason"]) == ("busy", True)
    for execution in (second, first):
        stack.run("shared.release_lock", {"deploymentId": "w", "execution": execution, "key": KEY})
    row = stack.table("locks").get_item(Key={"lockKey": KEY})["Item"]
    assert (row["owner"], row["waiters"]) == (None, [])


def test_a_dead_owner_keeps_nobody_out(stack: Stack) -> None:
    """A lock ends with its execution."""
    first, second = stack.execution("work_item", "first"), stack.execution("work_item", "second")
    acquire(stack, first)
    stack.kill(first)
    assert acquire(stack, second)["outcome"] == "acquired"


def test_a_repeated_request_changes_nothing(stack: Stack) -> None:
    """A retry finds the lock of its own execution."""
    first = stack.execution("work_item", "first")
    assert [acquire(stack, first)["outcome"] for _ in range(2)] == ["acquired", "acquired"]
