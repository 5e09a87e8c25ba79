"""AwaitLock: store the token in the queue, and repeat the request."""

from typing import Any

from msgspec.structs import replace

from functions.domain.order import Order
from tests.functions.samples import DEPLOYMENT, RELEASE
from tests.functions.shared.test_acquire_lock import freeze, request_lock
from tests.functions.stack import Stack


def wait(stack: Stack, execution: str, token: str, **changes: Any) -> None:
    """Run the handler for an execution."""
    wanted = {
        "taskToken": token,
        "deploymentId": DEPLOYMENT,
        "execution": execution,
        "environment": "production",
        "release": RELEASE,
        "reason": "r",
    }
    stack.run("shared.await_lock", {**wanted, **changes})


def release(stack: Stack, execution: str) -> None:
    """Release the lock."""
    given = {"deploymentId": DEPLOYMENT, "execution": execution, "environment": "production", "release": RELEASE}
    stack.run("shared.release_lock", given)


def test_a_waiter_leaves_its_token_and_waits(stack: Stack) -> None:
    """Nothing is completed while the owner runs; a repetition replaces the token."""
    owner, waiter = stack.execution("stage", "one"), stack.execution("stage", "two")
    request_lock(stack, owner)
    request_lock(stack, waiter)
    wait(stack, waiter, "token-1")
    wait(stack, waiter, "token-2")
    assert stack.completed() == {}
    release(stack, owner)
    assert list(stack.completed()) == ["token-2"]


def test_a_waiter_acquires_a_released_lock(stack: Stack) -> None:
    """The release ends the wait; only this handler grants the lock."""
    owner, waiter = stack.execution("stage", "one"), stack.execution("stage", "two")
    request_lock(stack, owner)
    wait(stack, waiter, "token-1")
    release(stack, owner)
    assert stack.completed()["token-1"]["outcome"] == "waiting"
    wait(stack, waiter, "token-2")
    answer = stack.completed()["token-2"]
    assert (answer["outcome"], answer["lease"]["execution"], answer["lease"]["fence"]) == ("acquired", waiter, 2)


def test_a_waiter_acquires_the_lock_of_a_dead_owner(stack: Stack) -> None:
    """After one backstop, even if the owner's event was lost."""
    owner, waiter = stack.execution("stage", "one"), stack.execution("stage", "two")
    request_lock(stack, owner)
    wait(stack, waiter, "token-1")
    stack.kill(owner)
    wait(stack, waiter, "token-2")
    assert stack.completed()["token-2"]["outcome"] == "acquired"


def test_an_environment_that_was_frozen_meanwhile_is_not_entered(stack: Stack) -> None:
    """R5: the owner's rollback ended unknown; the lock is released and the environment stays frozen."""
    owner, waiter = stack.execution("stage", "one"), stack.execution("stage", "two")
    request_lock(stack, owner)
    wait(stack, waiter, "token-1")
    freeze(stack)
    release(stack, owner)
    wait(stack, waiter, "token-2")
    assert stack.completed()["token-2"]["outcome"] == "frozen"


def test_the_wait_of_a_superseded_waiter_ends(stack: Stack) -> None:
    """A newer release replaces the older one in the queue."""
    owner, old, new = (stack.execution("stage", name) for name in ("one", "two", "three"))
    request_lock(stack, owner)
    wait(stack, old, "token-old")
    wait(stack, new, "token-new", release=replace(RELEASE, commit="f" * 40, order=Order(1, 11)))
    assert list(stack.completed()) == ["token-old"]
    assert stack.completed()["token-old"]["outcome"] == "superseded"
    wait(stack, old, "token-late")
    assert stack.completed()["token-late"]["outcome"] == "superseded"
