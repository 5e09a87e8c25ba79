"""ReleaseLock: on to the next, or free."""

from typing import Any

from tests.functions.samples import DEPLOYMENT, RELEASE
from tests.functions.shared.test_acquire_lock import ask
from tests.functions.shared.test_await_lock import wait
from tests.functions.stack import Stack


def give(stack: Stack, execution: str) -> Any:
    """Run the handler."""
    given = {"deploymentId": DEPLOYMENT, "execution": execution, "environment": "production", "release": RELEASE}
    return stack.run("shared.release_lock", given)


def test_the_last_owner_frees_the_lock_and_may_do_so_twice(stack: Stack) -> None:
    """What is not held is released without a fault."""
    execution = stack.execution("stage", "one")
    ask(stack, execution)
    assert give(stack, execution) == {"nextOwner": ""}
    assert give(stack, execution) == {"nextOwner": ""}


def test_the_lock_goes_to_the_first_living_waiter(stack: Stack) -> None:
    """Who died while waiting is passed over, and the next one is woken, once."""
    stack.settings["LOCK_MODE"] = "queued"
    owner, dead, next_one = (stack.execution("stage", name) for name in ("one", "two", "three"))
    ask(stack, owner)
    wait(stack, dead, "token-dead")
    wait(stack, next_one, "token-next")
    stack.kill(dead)
    assert give(stack, owner) == {"nextOwner": next_one}
    assert give(stack, owner) == {"nextOwner": next_one}
    assert list(stack.completed()) == ["token-next"]


def test_who_waits_leaves_the_line(stack: Stack) -> None:
    """A stage that gives up takes nothing from the owner."""
    owner, waiter = stack.execution("stage", "one"), stack.execution("stage", "two")
    ask(stack, owner)
    wait(stack, waiter, "token")
    assert give(stack, waiter) == {"nextOwner": owner}
    assert give(stack, owner) == {"nextOwner": ""}
    assert stack.completed() == {}
