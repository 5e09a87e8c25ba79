"""The networks of a stack's settings."""

import pytest

from functions.adapters.allowed_networks import AllowedNetworks
from tests.functions.stack import Stack


@pytest.mark.parametrize(
    ("setting", "address", "allowed"),
    [
        ("anywhere", "203.0.113.7", True),
        ("192.30.252.0/22,2606:50c0::/32", "2606:50c0::1", True),
        ("192.30.252.0/22,2606:50c0::/32", "203.0.113.7", False),
        ("192.30.252.0/22", "", False),
    ],
)
def test_an_address_is_allowed_as_the_stack_is_set(stack: Stack, setting: str, address: str, allowed: bool) -> None:
    """`anywhere` allows all addresses, a list only those in its networks; a text that is no address is in none."""
    stack.settings["WEBHOOK_SOURCES"] = setting
    assert AllowedNetworks.connect(stack.clients).allow(address) is allowed
