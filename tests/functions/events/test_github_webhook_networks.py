"""`github.allowedNetworks`: the sender's address is checked before anything else."""

from typing import Any

import pytest

from tests.functions.events.test_github_webhook import SECRET, delivery
from tests.functions.stack import Stack

GITHUB = "192.30.252.0/22,2606:50c0::/32"


def deliver(stack: Stack, networks: str, address: str, **changes: Any) -> tuple[int, str]:
    """Run the handler for a signed delivery from an address; returns status code and body."""
    stack.settings["ALLOWED_NETWORKS"] = networks
    event = delivery(b"{}", "ping", requestContext={"http": {"sourceIp": address}})
    answer = stack.run("events.github_webhook", {**event, **changes})
    return answer["statusCode"], answer["body"]


@pytest.fixture
def hooked(stack: Stack) -> Stack:
    """A stack whose webhook secret is set."""
    stack.client("secretsmanager").create_secret(Name="kiro-webhook", SecretString=SECRET.decode())
    return stack


@pytest.mark.parametrize("address", ["192.30.255.255", "2606:50c0::1", "::ffff:192.30.252.1"])
def test_an_address_of_an_allowed_network_is_accepted(hooked: Stack, address: str) -> None:
    """IPv4, IPv6, and an IPv4 address written as IPv6."""
    assert deliver(hooked, GITHUB, address)[0] == 202


@pytest.mark.parametrize("address", ["192.31.0.1", "2607::1", "", "127.0.0.1, 192.30.252.1", "localhost"])
def test_any_other_is_refused_before_anything_is_read(stack: Stack, address: str) -> None:
    """A signed request is refused without reading the secret; an unsigned one gets the same response."""
    status, body = deliver(stack, GITHUB, address)
    assert (status, "see github.allowedNetworks" in body) == (403, True)
    assert deliver(stack, GITHUB, address, headers={}, body="x" * 2_000_000)[0] == 403
    assert stack.calls == []


def test_without_networks_the_signature_alone_decides(hooked: Stack) -> None:
    """A signed delivery is accepted from any address."""
    assert deliver(hooked, "anywhere", "203.0.113.7")[0] == 202
