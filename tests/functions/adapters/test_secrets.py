"""Secrets: reading, rotation, and denied access."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from functions.adapters import secrets
from functions.adapters.clock import Clock
from functions.adapters.github.client import GitHub
from functions.adapters.secrets import MonitorsSecret, SecretValues, SlackSigningSecret, WebhookSecret
from functions.adapters.slack import Slack
from functions.domain.messages import Message
from tests.functions.stack import Stack, failing


def test_the_value_and_the_one_before_it(stack: Stack) -> None:
    """Both values are returned, newest first; a secret without a value has none."""
    store, secret = stack.client("secretsmanager"), WebhookSecret.connect(stack.clients)
    store.create_secret(Name="kiro-webhook")
    assert secret.values() == ()
    store.put_secret_value(SecretId="kiro-webhook", SecretString="one")
    assert secret.values() == (b"one",)
    store.put_secret_value(SecretId="kiro-webhook", SecretString="two")
    assert WebhookSecret.connect(stack.clients).values() == (b"two", b"one")


def test_a_secret_is_read_again_after_five_minutes(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warm Lambda reads a rotated secret after five minutes, and not with each delivery."""
    now = [1000.0]
    monkeypatch.setattr(secrets, "monotonic", lambda: now[0])
    store, secret = stack.client("secretsmanager"), WebhookSecret.connect(stack.clients)
    store.create_secret(Name="kiro-webhook", SecretString="one")
    assert secret.values() == (b"one",)
    store.put_secret_value(SecretId="kiro-webhook", SecretString="two")
    assert secret.values() == (b"one",)
    now[0] += 301
    assert secret.values() == (b"two", b"one")


@pytest.mark.parametrize("kind", [WebhookSecret, MonitorsSecret, SlackSigningSecret])
def test_the_value_before_is_valid_for_seven_days(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, kind: type[WebhookSecret]
) -> None:
    """T2: a warm function that read both on the seventh day forgets the old one when it reads them again."""
    stored, seconds = datetime.now(UTC), [1000.0]
    store, secret = stack.client("secretsmanager"), kind.connect(stack.clients)
    name = stack.settings[kind.SETTINGS[0]]
    store.create_secret(Name=name, SecretString="one")
    store.put_secret_value(SecretId=name, SecretString="two")
    monkeypatch.setattr(secrets, "monotonic", lambda: seconds[0])
    monkeypatch.setattr(Clock, "now", lambda _: stored + timedelta(days=6, hours=23))
    assert secret.values() == (b"two", b"one")
    monkeypatch.setattr(Clock, "now", lambda _: stored + timedelta(days=7, minutes=5))
    seconds[0] += 301
    assert secret.values() == (b"two",)
    assert kind.connect(stack.clients).values() == (b"two",)


def test_a_binary_secret_is_none(stack: Stack) -> None:
    """A binary value is ignored: GitHub can't sign with it."""
    stack.client("secretsmanager").create_secret(Name="kiro-webhook", SecretBinary=b"x")
    assert WebhookSecret.connect(stack.clients).values() == ()


def test_a_value_that_is_put_in_twice_does_not_end_the_one_before(stack: Stack) -> None:
    """Storing the same value again keeps the previous value valid."""
    store, values = stack.client("secretsmanager"), SecretValues(stack.clients)
    store.create_secret(Name="kiro-webhook")
    assert values.since("kiro-webhook") == ""
    assert values.put("kiro-webhook", "one")
    assert values.put("kiro-webhook", "two")
    assert not values.put("kiro-webhook", "two")
    assert WebhookSecret.connect(stack.clients).values() == (b"two", b"one")
    assert values.since("kiro-webhook")[:2] == "20"


def test_the_current_value_stored_by_hand_again_ends_the_one_before(stack: Stack) -> None:
    """As docs/security.md says: both labels then belong to the new value."""
    store = stack.client("secretsmanager")
    store.create_secret(Name="kiro-webhook", SecretString="one")
    store.put_secret_value(SecretId="kiro-webhook", SecretString="two")
    store.put_secret_value(SecretId="kiro-webhook", SecretString="two")
    assert WebhookSecret.connect(stack.clients).values() == (b"two", b"two")


def refusal(code: str) -> ClientError:
    """The error of Secrets Manager with this code."""
    return ClientError({"Error": {"Code": code, "Message": "not authorized"}}, "GetSecretValue")


READERS: list[Callable[[Stack], object]] = [
    lambda stack: WebhookSecret.connect(stack.clients).values(),
    lambda stack: MonitorsSecret.connect(stack.clients).values(),
    lambda stack: SlackSigningSecret.connect(stack.clients).values(),
    lambda stack: Slack.connect(stack.clients).post(Message("deployments", "title", "text", ())),
    lambda stack: GitHub.connect(stack.clients).branch_head("acme/hello-service", "main"),
]


@pytest.mark.parametrize("read", READERS, ids=["webhook", "monitors", "slack-signing", "slack", "github"])
def test_a_refusal_is_counted_by_every_reader(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, read: Callable[[Stack], object]
) -> None:
    """O3: denied access publishes a metric, and the error is still raised."""
    monkeypatch.setenv("HANDLER", "functions.events.notify")
    error = refusal("AccessDeniedException")
    with failing(stack.client("secretsmanager"), "GetSecretValue", error), pytest.raises(ClientError):
        read(stack)
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["SecretDenied"], line["environment"]) == ([1.0], "all")


@pytest.mark.parametrize(("handler", "code"), [("", "AccessDeniedException"), ("a.handler", "InternalServiceError")])
def test_another_fault_or_an_operator_counts_for_nothing(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, handler: str, code: str
) -> None:
    """Other errors, and denied access of an operator's command, publish no metric."""
    if handler:
        monkeypatch.setenv("HANDLER", handler)
    with failing(stack.client("secretsmanager"), "GetSecretValue", refusal(code)), pytest.raises(ClientError):
        WebhookSecret.connect(stack.clients).values()
    assert capsys.readouterr().out == ""
