"""The age of the values of secrets, and the end of old ones."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

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
    versions = [
        {"VersionId": label, "VersionStages": [label], "CreatedDate": now - timedelta(days=age)}
        for label, age in stages.items()
    ]
    store = stack.client("secretsmanager")
    monkeypatch.setattr(store, "list_secret_version_ids", lambda **_: {"Versions": versions})
    monkeypatch.setattr(store, "update_secret_version_stage", lambda **_: {})
    assert stack.run("events.measure_secrets", {}) == {"kiro-webhook": 100, "kiro-monitors": 100}


def changed(stack: Stack, *names: str) -> None:
    """Secrets whose value was changed twice: three versions, one of them without a label."""
    store = stack.client("secretsmanager")
    for name in names:
        store.create_secret(Name=name, SecretString="one")
        store.put_secret_value(SecretId=name, SecretString="two")
        store.put_secret_value(SecretId=name, SecretString="three")


def labels(stack: Stack, name: str) -> dict[str, str]:
    """The values of a secret by their labels."""
    store = stack.client("secretsmanager")
    found = [label for one in store.describe_secret(SecretId=name)["VersionIdsToStages"].values() for label in one]
    return {one: store.get_secret_value(SecretId=name, VersionStage=one)["SecretString"] for one in found}


def removals(stack: Stack) -> list[str]:
    """The secrets of which the handler removed a label."""
    action = "secretsmanager:UpdateSecretVersionStage"
    return [call.given["SecretId"] for call in stack.calls if call.action == action]


def test_the_previous_value_loses_its_label_after_30_days(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """T2: not before, and once: a second run finds nothing to do."""
    changed(stack, "kiro-webhook", "kiro-monitors")
    later(monkeypatch, 29.9)
    stack.run("events.measure_secrets", {})
    assert removals(stack) == []
    later(monkeypatch, 30.1)
    for _ in range(2):
        assert stack.run("events.measure_secrets", {}) == {"kiro-webhook": 30, "kiro-monitors": 30}
        assert removals(stack) == ["kiro-webhook", "kiro-monitors"]
    assert labels(stack, "kiro-webhook") == labels(stack, "kiro-monitors") == {"AWSCURRENT": "three"}


def test_a_secret_that_fails_does_not_keep_the_others(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure is raised at the end, and the next run repeats it."""
    changed(stack, "kiro-webhook", "kiro-monitors")
    store = stack.client("secretsmanager")
    remove = store.update_secret_version_stage

    def refuse(**given: Any) -> Any:
        """Refuse the first secret."""
        if given["SecretId"] == "kiro-webhook":
            raise ClientError({"Error": {"Code": "InternalServiceError"}}, "UpdateSecretVersionStage")
        return remove(**given)

    later(monkeypatch, 31)
    with monkeypatch.context() as patch:
        patch.setattr(store, "update_secret_version_stage", refuse)
        with pytest.raises(ExceptionGroup, match="the next run repeats it"):
            stack.run("events.measure_secrets", {})
    assert written(capsys) == {"kiro-webhook": [31.0], "kiro-monitors": [31.0]}
    assert labels(stack, "kiro-webhook") == {"AWSCURRENT": "three", "AWSPREVIOUS": "two"}
    assert labels(stack, "kiro-monitors") == {"AWSCURRENT": "three"}
    stack.run("events.measure_secrets", {})
    assert labels(stack, "kiro-webhook") == {"AWSCURRENT": "three"}


def test_a_value_that_is_stored_meanwhile_keeps_the_one_before(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The label has moved: the version that was listed has it no longer, so AWS refuses the call.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
    """
    changed(stack, "kiro-webhook", "kiro-monitors")
    store = stack.client("secretsmanager")
    listed = store.list_secret_version_ids

    def store_afterwards(**given: Any) -> Any:
        """Somebody stores a value between the listing and the removal."""
        versions = listed(**given)
        if versions.get("NextToken"):
            return versions
        store.put_secret_value(SecretId=given["SecretId"], SecretString="four")
        return versions

    monkeypatch.setattr(store, "list_secret_version_ids", store_afterwards)
    later(monkeypatch, 31)
    with pytest.raises(ExceptionGroup):
        stack.run("events.measure_secrets", {})
    assert labels(stack, "kiro-webhook") == {"AWSCURRENT": "four", "AWSPREVIOUS": "three"}
