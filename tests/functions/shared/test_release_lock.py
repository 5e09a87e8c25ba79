"""ReleaseLock: the next waiter gets the lock, or it is free."""

from typing import Any

from tests.functions.samples import DEPLOYMENT, RELEASE
from tests.functions.shared.test_acquire_lock import request_lock
from tests.functions.shared.test_await_lock import wait
from tests.functions.stack import Stack


def release(stack: Stack, execution: str) -> Any:
    """Run the handler."""
    given = {"deploymentId": DEPLOYMENT, "execution": execution, "environment": "production", "release": RELEASE}
    return stack.run("shared.release_lock", given)


def test_the_last_owner_frees_the_lock_and_may_do_so_twice(stack: Stack) -> None:
    """Releasing a lock that is not held is no error."""
    execution = stack.execution("stage", "one")
    request_lock(stack, execution)
    assert release(stack, execution) == {"nextOwner": ""}
    assert release(stack, execution) == {"nextOwner": ""}


def test_the_lock_goes_to_the_first_running_waiter(stack: Stack) -> None:
    """Waiters that have ended are skipped; the wait of the next one ends once."""
    stack.settings["LOCK_MODE"] = "queued"
    owner, dead, next_one = (stack.execution("stage", name) for name in ("one", "two", "three"))
    request_lock(stack, owner)
    wait(stack, dead, "token-dead")
    wait(stack, next_one, "token-next")
    stack.kill(dead)
    assert release(stack, owner) == {"nextOwner": next_one}
    assert release(stack, owner) == {"nextOwner": next_one}
    assert list(stack.completed()) == ["token-next"]


def test_a_waiter_leaves_the_queue(stack: Stack) -> None:
    """A stage that gives up does not affect the owner."""
    owner, waiter = stack.execution("stage", "one"), stack.execution("stage", "two")
    request_lock(stack, owner)
    wait(stack, waiter, "token")
    assert release(stack, waiter) == {"nextOwner": owner}
    assert release(stack, owner) == {"nextOwner": ""}
    assert stack.completed() == {}
