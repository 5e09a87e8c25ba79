"""AcquireLock: one execution per branch, without a queue."""

from typing import Any

from tests.functions.stack import Stack

KEY = "branch/acme/hello-service/kiro/greet"


def acquire(stack: Stack, execution: str) -> Any:
    """Run the handler for an execution."""
    return stack.run("work_item.acquire_lock", {"workId": "w", "execution": execution, "key": KEY})


def test_a_free_branch_is_taken_and_a_taken_one_left_alone(stack: Stack) -> None:
    """The answer says who holds it; released by its key, it is free for the next."""
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


def test_asking_twice_is_asking_once(stack: Stack) -> None:
    """A Lambda that was run again finds the lock its own."""
    first = stack.execution("work_item", "first")
    assert [acquire(stack, first)["outcome"] for _ in range(2)] == ["acquired", "acquired"]
