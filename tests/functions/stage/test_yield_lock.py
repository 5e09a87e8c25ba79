"""YieldLock: a release that has to wait gives the lock to the next in the queue."""

from functions.adapters.locks_table import LocksTable
from functions.domain.locks import Contender
from functions.domain.order import Order
from tests.functions.samples import DEPLOYMENT, RELEASE
from tests.functions.stack import Stack

KEY = "environment/production"


def contender(execution: str) -> Contender:
    """An execution of a repository of its own: releases of different repositories have no order."""
    return Contender(execution, execution.rsplit(":", 1)[-1], Order(1, 1), "release", repository=execution)


def give_back(stack: Stack, execution: str) -> str:
    """Run the handler; returns the next owner."""
    event = {"deploymentId": DEPLOYMENT, "execution": execution, "environment": "production", "release": RELEASE}
    owner: str = stack.run("stage.yield_lock", event)["nextOwner"]
    return owner


def test_the_next_in_the_queue_gets_the_lock(stack: Stack) -> None:
    """R5: a release that waits for an unfreeze or for a person holds nobody up, and no rollback."""
    ours, next_one = stack.execution("stage", "ours"), stack.execution("stage", "next")
    locks = LocksTable.connect(stack.clients)
    assert locks.request(KEY, contender(ours)).outcome == "acquired"
    assert locks.request(KEY, contender(next_one), "token").outcome == "waiting"
    assert give_back(stack, ours) == next_one
    assert "token" in stack.completed()
    assert give_back(stack, ours) == next_one


def test_a_place_in_the_queue_is_given_up(stack: Stack) -> None:
    """A release that was frozen out in the queue does not get the lock in its turn."""
    owner, ours = stack.execution("stage", "owner"), stack.execution("stage", "ours")
    locks = LocksTable.connect(stack.clients)
    locks.request(KEY, contender(owner))
    locks.request(KEY, contender(ours), "token")
    assert give_back(stack, ours) == owner
    assert locks.read(KEY).waiters == ()
