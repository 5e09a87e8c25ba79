"""The age of the values of secrets."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.clock import Clock
from tests.functions.stack import Stack


def later(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """Run the handler after so many days."""
    when = datetime.now(UTC) + timedelta(days=days)
    monkeypatch.setattr(Clock, "now", lambda _: when)


def written(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The published ages by secret."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {line["secret"]: line["SecretAgeDays"] for line in lines}


def test_the_age_of_each_value_is_published(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """O3: in whole days; a secret without a value has no age."""
    store = stack.client("secretsmanager")
    store.create_secret(Name="kiro-webhook", SecretString="one")
    store.create_secret(Name="kiro-monitors")
    later(monkeypatch, 90.5)
    assert stack.run("events.measure_secrets", {}) == {"kiro-webhook": 90}
    assert written(capsys) == {"kiro-webhook": [90.0]}


def test_the_age_is_that_of_the_current_value(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older values and a value that is not valid yet do not count."""
    now = datetime.now(UTC)
    stages = {"AWSPREVIOUS": 300, "AWSCURRENT": 100, "AWSPENDING": 1}
    versions = [{"VersionStages": [s], "CreatedDate": now - timedelta(days=age)} for s, age in stages.items()]
    store = stack.client("secretsmanager")
    monkeypatch.setattr(store, "list_secret_version_ids", lambda **_: {"Versions": versions})
    assert stack.run("events.measure_secrets", {}) == {"kiro-webhook": 100, "kiro-monitors": 100}
