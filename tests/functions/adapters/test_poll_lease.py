from datetime import UTC, datetime, timedelta

from functions.adapters.poll_lease import PollLease
from tests.functions.stack import Stack

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)


def test_one_poll_at_a_time_and_no_wish_is_lost(stack: Stack) -> None:
    """Who comes while another polls is told no, and makes that one look once more."""
    lease = PollLease.connect(stack.clients)
    assert lease.take("first", NOW, 60) == ()
    assert lease.take("second", NOW, 60) is None
    assert lease.give_back("first", ["item-1"]) is False
    assert lease.give_back("first", ["item-1"]) is True
    assert lease.take("second", NOW, 60) == ("item-1",)


def test_a_dead_holder_is_replaced_when_its_time_is_over(stack: Stack) -> None:
    """A poll that crashed keeps the next one waiting for its own time limit, and no longer."""
    lease = PollLease.connect(stack.clients)
    lease.take("crashed", NOW, 60)
    assert lease.take("next", NOW + timedelta(seconds=59), 60) is None
    assert lease.take("next", NOW + timedelta(seconds=61), 60) is not None


def test_who_was_replaced_gives_nothing_back(stack: Stack) -> None:
    """A late holder does not end the lease of the one after it."""
    lease = PollLease.connect(stack.clients)
    lease.take("late", NOW, 60)
    lease.take("next", NOW + timedelta(seconds=61), 60)
    lease.give_back("late", ["stale"])
    assert lease.take("third", NOW + timedelta(seconds=62), 60) is None
