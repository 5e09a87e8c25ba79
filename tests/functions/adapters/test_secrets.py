"""The webhook's secret."""

import pytest

from functions.adapters import secrets
from functions.adapters.secrets import SecretValues, WebhookSecret
from tests.functions.stack import Stack


def test_the_value_and_the_one_before_it(stack: Stack) -> None:
    """Newest first; an empty secret has none."""
    store, secret = stack.client("secretsmanager"), WebhookSecret.connect(stack.clients)
    store.create_secret(Name="kiro-webhook")
    assert secret.values() == ()
    store.put_secret_value(SecretId="kiro-webhook", SecretString="one")
    assert secret.values() == (b"one",)
    store.put_secret_value(SecretId="kiro-webhook", SecretString="two")
    assert WebhookSecret.connect(stack.clients).values() == (b"two", b"one")


def test_a_secret_is_read_again_after_five_minutes(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warm Lambda learns of a rotation, and does not ask for each delivery."""
    now = [1000.0]
    monkeypatch.setattr(secrets, "monotonic", lambda: now[0])
    store, secret = stack.client("secretsmanager"), WebhookSecret.connect(stack.clients)
    store.create_secret(Name="kiro-webhook", SecretString="one")
    assert secret.values() == (b"one",)
    store.put_secret_value(SecretId="kiro-webhook", SecretString="two")
    assert secret.values() == (b"one",)
    now[0] += 301
    assert secret.values() == (b"two", b"one")


def test_a_binary_secret_is_none(stack: Stack) -> None:
    """It can't be what GitHub signs with."""
    stack.client("secretsmanager").create_secret(Name="kiro-webhook", SecretBinary=b"x")
    assert WebhookSecret.connect(stack.clients).values() == ()


def test_a_value_that_is_put_in_twice_does_not_end_the_one_before(stack: Stack) -> None:
    """Whoever still signs with the old one has until the next change."""
    store, values = stack.client("secretsmanager"), SecretValues(stack.clients)
    store.create_secret(Name="kiro-webhook")
    assert values.since("kiro-webhook") == ""
    assert values.put("kiro-webhook", "one")
    assert values.put("kiro-webhook", "two")
    assert not values.put("kiro-webhook", "two")
    assert WebhookSecret.connect(stack.clients).values() == (b"two", b"one")
    assert values.since("kiro-webhook")[:2] == "20"
