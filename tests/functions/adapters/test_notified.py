"""Which channels an event was sent to."""

import time

from functions.adapters.notified import Notified
from tests.functions.stack import Stack


def test_each_channel_is_remembered_for_two_weeks(stack: Stack) -> None:
    """So long a dead letter is kept; of another event nothing is known."""
    notified = Notified.connect(stack.clients)
    assert notified.channels("e1") == frozenset()
    notified.note("e1", "mail")
    notified.note("e1", "slack")
    assert (notified.channels("e1"), notified.channels("e2")) == (frozenset({"mail", "slack"}), frozenset())
    row = stack.table("waits").get_item(Key={"waitKey": "notified/e1"})["Item"]
    assert 13 * 86_400 < int(row["expiresAt"]) - time.time() <= 14 * 86_400


def test_the_first_message_of_a_thread_is_kept(stack: Stack) -> None:
    """Of two that were sent at the same time the first one counts; a deployment's record is kept as long."""
    notified = Notified.connect(stack.clients)
    assert notified.thread("main-1") == ""
    notified.note_thread("main-1", "C1/1.1")
    notified.note_thread("main-1", "C1/2.2")
    assert (notified.thread("main-1"), notified.thread("main-2")) == ("C1/1.1", "")
    row = stack.table("waits").get_item(Key={"waitKey": "thread/main-1"})["Item"]
    assert 89 * 86_400 < int(row["expiresAt"]) - time.time() <= 90 * 86_400
