"""Recorded webhook deliveries."""

from datetime import UTC, datetime

from functions.adapters.deliveries import Deliveries
from tests.functions.stack import Stack


def test_a_delivery_is_known_by_its_bytes(stack: Stack) -> None:
    """A recorded delivery returns what it started, for the same bytes only; recording it again changes nothing."""
    deliveries = Deliveries.connect(stack.clients)
    assert deliveries.handled(b"{}") == ""
    for delivery_id in ("guid-1", "guid-2"):
        deliveries.remember(b"{}", delivery_id, "main-1a2b")
        assert deliveries.handled(b"{}") == "main-1a2b"
    assert deliveries.handled(b"{} ") == ""


def test_a_delivery_is_forgotten_at_last(stack: Stack) -> None:
    """The record has an expiry time, and does not contain the body."""
    Deliveries.connect(stack.clients).remember(b"secret body", "guid-1", "main-1a2b")
    (item,) = stack.items("waits")
    assert int(item["expiresAt"]) > datetime.now(UTC).timestamp()
    assert "secret body" not in str(item)
