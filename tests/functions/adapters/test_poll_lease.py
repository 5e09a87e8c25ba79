from datetime import UTC, datetime, timedelta

from functions.adapters.poll_lease import PollLease
from tests.functions.stack import Stack

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)


def test_one_poll_at_a_time_and_no_wish_is_lost(stack: Stack) -> None:
    """A second poll does not get the lease, and makes the holder poll once more."""
    lease = PollLease.connect(stack.clients)
    assert lease.take("first", NOW, 60) == ()
    assert lease.take("second", NOW, 60) is None
    assert lease.give_back("first", ["item-1"]) is False
    assert lease.give_back("first", ["item-1"]) is True
    assert lease.take("second", NOW, 60) == ("item-1",)


def test_a_dead_holder_is_replaced_when_its_time_is_over(stack: Stack) -> None:
    """The lease of a crashed poll is taken after its time limit, not before."""
    lease = PollLease.connect(stack.clients)
    lease.take("crashed", NOW, 60)
    assert lease.take("next", NOW + timedelta(seconds=59), 60) is None
    assert lease.take("next", NOW + timedelta(seconds=61), 60) is not None


def test_who_was_replaced_gives_nothing_back(stack: Stack) -> None:
    """A holder whose lease has expired does not end the lease of the next one."""
    lease = PollLease.connect(stack.clients)
    lease.take("late", NOW, 60)
    lease.take("next", NOW + timedelta(seconds=61), 60)
    lease.give_back("late", ["stale"])
    assert lease.take("third", NOW + timedelta(seconds=62), 60) is None
