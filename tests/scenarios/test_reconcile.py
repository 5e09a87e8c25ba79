"""Lost events, incidents, monitors outside AWS, jobs of Actions, and rollbacks by operators."""

import hashlib
import hmac
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from shutil import which
from typing import Any

import pytest

from local.github.rest_actions import start_job
from local.platform import PROJECT
from local.service import Traffic
from local.settings import REPOSITORY
from tests.functions.adapters.github.test_credentials import key
from tests.scenarios.document import Guide
from tests.scenarios.driver import PlatformDriver, eventually, kiro, name_of

__all__ = ["key"]

pytestmark = pytest.mark.long


def send_alarm(driver: PlatformDriver, state: str) -> int:
    """Send a signed alarm of a monitor outside AWS for the environment `test`; returns the HTTP status."""
    alarm = {"name": "checkout", "state": state, "severity": "critical", "reason": "p99 4 s"}
    body, timestamp = json.dumps(alarm).encode(), str(int(time.time()))
    signed = f"{timestamp}.test.".encode() + body
    signature = "sha256=" + hmac.new(driver.platform.monitors_secret.encode(), signed, hashlib.sha256).hexdigest()
    headers = {"X-Kiro-Timestamp": timestamp, "X-Kiro-Signature": signature, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{driver.platform.outputs['alarmsUrl']}/test", body, headers)
    with urllib.request.urlopen(request) as answer:
        return int(answer.status)


def approve(driver: PlatformDriver) -> None:
    """Approve the open requests."""
    driver.approver.decide_next()


@pytest.fixture(scope="module")
def good(driver: PlatformDriver) -> str:
    """A release that reached production although its webhook was lost."""
    repository = driver.platform.github.repository(REPOSITORY)
    hooks = list(repository.hooks)
    repository.hooks.clear()
    commit = driver.push("feat: greet people")
    repository.hooks.extend(hooks)
    eventually(lambda: "push started" in driver.reconcile() or driver.executions.of_deployment(name_of(commit)))
    driver.deployed(commit)
    return commit


def test_a_lost_webhook_is_started_by_the_reconciliation(driver: PlatformDriver, good: str) -> None:
    """P2: the push is deployed exactly once, and another run of the reconciliation repairs nothing."""
    assert driver.record(good)["outcome"] == "deployed"
    assert driver.version("production") == good
    started = [e for e in driver.executions.of_deployment(name_of(good)) if e.workflow == "deployment"]
    assert len(started) == 1
    assert driver.reconcile() == []
    assert driver.left_behind() == {"locks": [], "waits": []}


def test_a_stop_whose_event_was_lost_is_cleaned_up(driver: PlatformDriver, good: str) -> None:
    """P9: although the rule for its event is off, a stopped deployment is concluded and its build stopped."""
    client, outputs = driver.platform.clients, driver.platform.outputs
    rule = outputs["functions"]["functions.events.execution_ended"]
    client.client("events").disable_rule(Name=rule)
    commit = driver.push("feat: stopped in its build")
    eventually(lambda: any(e.state == "AwaitBuild" for e in driver.executions.of_deployment(name_of(commit))))
    (running,) = driver.executions.of_deployment(name_of(commit))
    client.client("stepfunctions").stop_execution(executionArn=running.arn)
    # the scheduled run may come first: then the ordered one has nothing to repair
    eventually(lambda: [driver.reconcile()] and driver.record(commit).get("outcome"))
    client.client("events").enable_rule(Name=rule)
    assert driver.record(commit)["outcome"] == "aborted"
    eventually(lambda: driver.left_behind() == {"locks": [], "waits": []})


def test_a_rollback_is_an_incident_until_the_next_good_release(driver: PlatformDriver, good: str) -> None:
    """R10: there is one issue with the alarm and the restored versions; the next good release closes it."""
    driver.author.break_in_service()
    with Traffic(driver.address("test")):
        bad = driver.push("feat: let operations choose the salutation")
        driver.deployed(bad)
    driver.author.repair_service()
    issues = driver.platform.github.repository(REPOSITORY).issues
    (issue,) = eventually(lambda: [one for one in issues if bad[:12] in (one.body or "") and one.comments])
    assert (issue.labels, issue.state) == (["incident"], "open")
    assert "hello-test-errors" in (issue.body or "")
    assert "Restored" in issue.comments[0].body
    repaired = driver.push("fix: greet people again")
    driver.deployed(repaired)
    eventually(lambda: issue.state == "closed")
    assert repaired in issue.comments[-1].body


def test_a_monitor_outside_aws_rolls_a_release_back(driver: PlatformDriver, good: str) -> None:
    """R11: its signed report ends the watch at once, and the version before is restored."""
    before = driver.version("test")
    commit = driver.push("feat: slow at the checkout")
    eventually(lambda: any(e.state == "Watch" for e in driver.executions.of_deployment(name_of(commit))))
    assert send_alarm(driver, "ALARM") == 202
    eventually(lambda: [e for e in driver.executions.of_deployment(name_of(commit)) if e.workflow == "rollback"])
    assert send_alarm(driver, "OK") == 202
    driver.deployed(commit)
    record = driver.record(commit)
    assert (record["outcome"], record["stages"]["test"]["result"]) == ("restored", "restored"), record["reason"]
    assert "checkout" in record["reason"]
    assert driver.version("test") == before


@pytest.fixture
def installation(driver: PlatformDriver, key: tuple[str, str]) -> Iterator[int]:
    """The number of an App's installation whose key is the platform's credential for a while."""
    platform, number = driver.platform, 4004
    secrets, name = platform.clients.client("secretsmanager"), platform.outputs["secrets"]["github"]
    before = secrets.get_secret_value(SecretId=name)["SecretString"]
    hook = (platform.outputs["webhookUrl"], platform.webhook_secret)
    platform.github.add_app("3003", number, key[1], hook=hook)
    credential = {"appId": "3003", "installationId": str(number), "privateKey": key[0]}
    secrets.put_secret_value(SecretId=name, SecretString=json.dumps(credential))
    yield number
    secrets.put_secret_value(SecretId=name, SecretString=before)


def test_a_job_of_actions_waits_for_a_freeze(driver: PlatformDriver, good: str, installation: int) -> None:
    """P13: the run shows who froze the environment; after the unfreeze the commit enters with the reasons."""
    kiro(driver, "freeze", "staging", "--reason", "the fair")
    job = start_job(driver.platform.github, REPOSITORY, installation, "staging", good)
    (report,) = eventually(lambda: job.reports)
    assert "staging is frozen since" in report
    kiro(driver, "unfreeze", "staging", "--reason", "it is over")
    eventually(lambda: job.state != "waiting")
    assert (job.state, "tests: " in job.comment, "no alarm is in ALARM" in job.comment) == ("approved", True, True)
    assert driver.left_behind() == {"locks": [], "waits": []}


def test_an_operator_rolls_back_to_a_named_version(driver: PlatformDriver, good: str) -> None:
    """R7: one service of one environment is restored, and its version read back."""
    running = driver.version("production")
    assert running != good
    started = kiro(driver, "rollback", "production", "--part", "hello", "--to", good[:10], "--reason", "a drill")
    eventually(lambda: not kiro_progress(driver, started["rollback"])["running"])
    assert kiro_progress(driver, started["rollback"])["outcome"] == "restored"
    assert driver.version("production") == good
    assert driver.version("staging") == running
    assert all(not one["held"] for one in kiro(driver, "locks"))


def kiro_progress(driver: PlatformDriver, name: str) -> Any:
    """The progress of a rollback, from the operator's command."""
    return kiro(driver, "watch", name)


@pytest.mark.skipif(not (which("openssl") and which("curl")), reason="no openssl or no curl")
def test_the_commands_of_the_guide_report_an_alarm(driver: PlatformDriver) -> None:
    """R11: those of docs/operations.md, signed and with a token, in the shell of an operator."""
    guide = Guide.read(PROJECT / "docs" / "operations.md")
    body, sign, send = guide.commands("Monitors outside AWS")
    signed = "\n".join((body, sign, send.replace("curl ", "curl --silent --fail ")))
    (token,) = guide.commands("Monitors that can't sign")
    bearer = (
        'curl --silent --fail --header "Authorization: Bearer datadog.$TOKEN" --header "content-type: application/json"'
    )
    sent = """ --data '{"name": "12345", "state": "Warn"}' "$ALARMS_URL/production" """
    variables = {
        "MONITORS_SECRET": driver.platform.monitors_secret,
        "ALARMS_URL": driver.platform.outputs["alarmsUrl"],
    }

    def run(script: str) -> str:
        command, environment = ["bash", "-euo", "pipefail", "-c", script], {**os.environ, "NO_PROXY": "*", **variables}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    def reported() -> set[tuple[str, str]]:
        return {(one["environment"], alarm["name"]) for one in kiro(driver, "status") for alarm in one["outsideAlarms"]}

    run(signed)
    run(f"{token}\n{bearer}{sent}")
    assert {("staging", "drill"), ("production", "datadog: 12345")} <= reported()
    run(f"{token}\n{bearer}{sent.replace('Warn', 'Recovered')}")
    eventually(lambda: run(signed.replace('ALARM"', 'OK"')) and "drill" not in str(reported()))
    assert "datadog: 12345" not in str(reported())
