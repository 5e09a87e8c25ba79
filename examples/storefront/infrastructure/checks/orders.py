"""Integration tests: an order goes through the API, the database and the listener."""

import time

from service import get, post

PATIENCE_SECONDS = 60


def test_an_order_is_accepted():
    """What the API receives, the listener accepts."""
    order = post("/orders", {"item": "mug", "quantity": 1})["id"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while get(f"/orders/{order}")["status"] != "accepted":
        assert time.monotonic() < deadline, f"no listener accepted the order within {PATIENCE_SECONDS} s"
        time.sleep(0.5)


def test_a_domain_is_looked_up():
    """What the API notes, the DNS worker looks up: this name exists nowhere."""
    post("/domains", {"name": "nowhere.invalid"})
    deadline = time.monotonic() + PATIENCE_SECONDS
    while get("/domains/nowhere.invalid")["status"] != "elsewhere":
        assert time.monotonic() < deadline, f"no worker looked up the domain within {PATIENCE_SECONDS} s"
        time.sleep(0.5)
