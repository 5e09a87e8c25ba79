"""Where webhooks may come from: looked at before anything else, where a stack is set to."""

from typing import Any

import pytest

from tests.functions.events.test_github_webhook import SECRET, delivery
from tests.functions.stack import Stack

GITHUB = "192.30.252.0/22,2606:50c0::/32"


def ask(stack: Stack, sources: str, address: str, **changes: Any) -> tuple[int, str]:
    """Run the handler for a signed delivery from an address, unless it is changed."""
    stack.settings["WEBHOOK_SOURCES"] = sources
    event = delivery(b"{}", "ping", requestContext={"http": {"sourceIp": address}})
    answer = stack.run("events.github_webhook", {**event, **changes})
    return answer["statusCode"], answer["body"]


@pytest.fixture
def hooked(stack: Stack) -> Stack:
    """A stack whose webhook secret is set."""
    stack.client("secretsmanager").create_secret(Name="kiro-webhook", SecretString=SECRET.decode())
    return stack


@pytest.mark.parametrize("address", ["192.30.255.255", "2606:50c0::1", "::ffff:192.30.252.1"])
def test_an_address_of_a_named_network_is_heard(hooked: Stack, address: str) -> None:
    """IPv4, IPv6, and the one written as the other."""
    assert ask(hooked, GITHUB, address)[0] == 202


@pytest.mark.parametrize("address", ["192.31.0.1", "2607::1", "", "127.0.0.1, 192.30.252.1", "localhost"])
def test_any_other_is_refused_before_anything_is_read(stack: Stack, address: str) -> None:
    """Also when it is signed: nothing is called, the secret is not even read; an unsigned one learns no more."""
    status, said = ask(stack, GITHUB, address)
    assert (status, "see github.webhookSources" in said) == (403, True)
    assert ask(stack, GITHUB, address, headers={}, body="x" * 2_000_000)[0] == 403
    assert stack.calls == []


def test_without_networks_the_signature_alone_decides(hooked: Stack) -> None:
    """From anywhere."""
    assert ask(hooked, "anywhere", "203.0.113.7")[0] == 202
