"""A monitor outside AWS reports an alarm of an environment."""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.clock import iso
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from functions.domain.waits import Wait, read_wait_key
from functions.handler import encode
from tests.functions.samples import ENVIRONMENT
from tests.functions.stack import Stack

SECRET = "monitors-secret"
RINGS = {
    "name": "checkout latency",
    "state": "ALARM",
    "severity": "critical",
    "reason": "p99 4 s",
    "url": "https://m.io/1",
}


@pytest.fixture(autouse=True)
def _secret(stack: Stack) -> None:
    """The secret that monitors sign with."""
    stack.client("secretsmanager").create_secret(Name="kiro-monitors", SecretString=SECRET)


def report(
    stack: Stack,
    body: Any = RINGS,
    environment: str = "production",
    *,
    at: float | None = None,
    secret: str = SECRET,
    signed_for: str = "",
    **headers: str,
) -> tuple[int, str]:
    """Post an alarm; returns status and message."""
    raw = body if isinstance(body, str) else json.dumps(body)
    timestamp = str(int(time.time() if at is None else at))
    said = f"{timestamp}.{signed_for or environment}.{raw}".encode()
    signature = "sha256=" + hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()
    event = {
        "headers": {"X-Kiro-Timestamp": timestamp, "X-Kiro-Signature": signature, **headers},
        "pathParameters": {"environment": environment},
        "body": raw,
    }
    answer = stack.run("events.outside_alarm", event)
    return answer["statusCode"], json.loads(answer["body"])["message"]


def watch(stack: Stack) -> None:
    """Store a watch of production."""
    until = iso(datetime.now(UTC) + timedelta(hours=1))
    accepted = {"names": [], "at": ""}
    facts = {"environment": encode(ENVIRONMENT), "until": until, "reviewed": [], "accepted": accepted}
    wait = Wait(read_wait_key("watch/production/main-1"), "token-watch", "arn:e", "production", facts)
    WaitsTable.connect(stack.clients).store(wait, datetime.now(UTC))


def test_a_critical_alarm_ends_the_watch_at_once(stack: Stack) -> None:
    """R11: it is a breach with the monitor's reason, like an alarm of CloudWatch."""
    watch(stack)
    assert report(stack) == (202, "checkout latency is ALARM in production; 1 waits ended")
    answer = stack.completed()["token-watch"]
    assert (answer["outcome"], answer["alarms"]) == ("breached", ["checkout latency"])
    assert "p99 4 s https://m.io/1" in answer["reason"]


def test_a_warning_asks_for_a_review(stack: Stack) -> None:
    """R2."""
    watch(stack)
    report(stack, {**RINGS, "severity": "warning"})
    assert stack.completed()["token-watch"]["outcome"] == "review"


def test_a_critical_alarm_voids_a_request_for_approval(stack: Stack) -> None:
    """A4: as an alarm of CloudWatch does."""
    waits, later = WaitsTable.connect(stack.clients), iso(datetime.now(UTC) + timedelta(hours=1))
    waits.save_approval(
        Approval("a1", "deploy", "main-1", "production", {}, ["h"], later, later, later), datetime.now(UTC)
    )
    facts = {"environment": encode(ENVIRONMENT)}
    waits.store(Wait(read_wait_key("approval/a1"), "token-a1", "arn:e", "production", facts), datetime.now(UTC))
    report(stack)
    assert stack.completed()["token-a1"]["outcome"] == "void"


def test_another_environment_is_not_concerned(stack: Stack) -> None:
    """The address names the environment."""
    watch(stack)
    assert report(stack, environment="test")[0] == 202
    assert stack.completed() == {}


def test_a_replayed_older_report_changes_nothing(stack: Stack) -> None:
    """A copy within its minutes is timely, but older than the recorded report."""
    now = time.time()
    report(stack, at=now - 60)
    report(stack, {**RINGS, "state": "OK"}, at=now)
    status, message = report(stack, at=now - 60)
    assert (status, "a later report is recorded" in message) == (202, True)
    (kept,) = EnvironmentsTable.connect(stack.clients).outside_alarms("production")
    assert kept.state == "OK"


def test_an_alarm_is_no_part_of_the_environment(stack: Stack) -> None:
    """Its record is not read as a part."""
    report(stack)
    assert EnvironmentsTable.connect(stack.clients).parts("production") == {}


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"environment": "moon"}, 404, "there are test, production"),
        ({"secret": "another"}, 401, "wrong signature"),
        ({"signed_for": "test"}, 401, "wrong signature"),
        ({"X-Kiro-Signature": ""}, 401, "unsigned"),
        ({"X-Kiro-Signature": "sha1=1"}, 401, "unsigned"),
        ({"X-Kiro-Timestamp": "yesterday"}, 401, "Unix seconds"),
        ({"X-Kiro-Timestamp": "²"}, 401, "Unix seconds"),
        ({"at": 1_700_000_000}, 401, "Unix seconds"),
        ({"body": "no json"}, 400, "not JSON"),
        ({"body": "[" * 5000}, 400, "not JSON"),
        ({"body": []}, 400, "must be an object"),
        ({"body": {**RINGS, "nmae": 1}}, 400, "nmae: unknown"),
        ({"body": {**RINGS, "state": "BAD"}}, 400, "state: 'BAD' is not one of ALARM, OK"),
        ({"body": {**RINGS, "name": "!x"}}, 400, "name: "),
        ({"body": {**RINGS, "name": 7}}, 400, "name: missing or not a text"),
        ({"body": {**RINGS, "url": "javascript:1"}}, 400, "url: "),
        ({"body": {**RINGS, "reason": "r" * 1001}}, 400, "1000 allowed"),
        ({"body": " " * 70_000}, 413, "allowed"),
    ],
)
def test_what_is_wrong_is_answered_and_changes_nothing(stack: Stack, changes: Any, status: int, reason: str) -> None:
    """Q3: each mistake has a status and a reason; nothing is written."""
    found = report(stack, **changes)
    assert found[0] == status
    assert reason in found[1]
    assert stack.items("environments") == []


def test_without_a_secret_no_report_is_accepted(stack: Stack) -> None:
    """A signature with an empty secret is not valid."""
    stack.client("secretsmanager").delete_secret(SecretId="kiro-monitors", ForceDeleteWithoutRecovery=True)
    assert report(stack, secret="")[0] == 401


def told(
    stack: Stack, state: str, environment: str = "production", token_for: str = "", **changes: Any
) -> tuple[int, str]:
    """Post what a monitor sends that can't sign, with the token of the monitor `datadog` for an environment."""
    token = hmac.new(
        SECRET.encode(), f"monitor.{token_for or environment}.datadog".encode(), hashlib.sha256
    ).hexdigest()
    event = {
        "headers": {"Authorization": f"Bearer datadog.{changes.pop('token', token)}"},
        "pathParameters": {"environment": environment},
        "body": json.dumps({"name": "12345 checkout", "state": state, **changes}),
    }
    answer = stack.run("events.outside_alarm", event)
    return answer["statusCode"], json.loads(answer["body"])["message"]


@pytest.mark.parametrize(
    ("states", "last", "severity"),
    [
        (("Triggered", "Recovered", "Re-Triggered"), "ALARM", "critical"),
        (("Warn",), "ALARM", "warning"),
        (("Triggered", "Recovered"), "OK", "critical"),
        (("ACTIVATED",), "ALARM", "critical"),
        (("ACTIVATED", "CLOSED"), "OK", "critical"),
        (("Triggered", "No Data"), "ALARM", "critical"),
    ],
)
def test_a_monitor_that_cannot_sign_has_a_token(
    stack: Stack, states: tuple[str, ...], last: str, severity: str
) -> None:
    """R11: Datadog and New Relic send headers that never change, and their own words for states."""
    for state in states:
        assert told(stack, state)[0] == 202
    (alarm,) = EnvironmentsTable.connect(stack.clients).outside_alarms("production")
    assert (alarm.name, alarm.state, alarm.severity) == ("datadog: 12345 checkout", last, severity)


@pytest.mark.parametrize("changes", [{"token": "0" * 64}, {"token_for": "test"}])
def test_a_token_is_of_use_for_its_monitor_and_environment_only(stack: Stack, changes: dict[str, str]) -> None:
    """R11: one that leaks reports no alarm of another environment, and under no name but that of its monitor."""
    status, said = told(stack, "Triggered", **changes)
    assert (status, "wrong token of datadog for production" in said) == (401, True)
    assert EnvironmentsTable.connect(stack.clients).outside_alarms("production") == ()
