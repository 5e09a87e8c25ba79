"""What an event missed, what a rollback leaves behind for people, and what operators and monitors order."""

import hashlib
import hmac
import json
import time
import urllib.request
from typing import Any

import pytest

from local.service import Traffic
from local.settings import REPOSITORY
from tests.scenarios.world import World, eventually, kiro, name_of


def reconcile(world: World) -> list[str]:
    """One run now, in the deployed function: the kinds of its repairs."""
    name = world.platform.outputs["functions"]["functions.events.reconcile"]
    answer = world.platform.clients.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    told = json.loads(answer["Payload"].read())
    assert "errorMessage" not in told, told
    return [one["kind"] for one in told["repairs"]]


def ring(world: World, state: str) -> int:
    """A monitor outside AWS rings for the environment test, or is quiet again."""
    alarm = {"name": "checkout", "state": state, "severity": "critical", "reason": "p99 4 s"}
    body, timestamp = json.dumps(alarm).encode(), str(int(time.time()))
    said = f"{timestamp}.test.".encode() + body
    signature = "sha256=" + hmac.new(world.platform.monitors_secret.encode(), said, hashlib.sha256).hexdigest()
    headers = {"X-Kiro-Timestamp": timestamp, "X-Kiro-Signature": signature, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{world.platform.outputs['alarmsUrl']}/test", body, headers)
    with urllib.request.urlopen(request) as answer:
        return int(answer.status)


def decide(world: World) -> None:
    """Approve what is asked for."""
    world.approver.decide_next()


@pytest.fixture(scope="module")
def good(world: World) -> str:
    """A release whose webhook never came, and that walked to production all the same."""
    repository = world.platform.github.repository(REPOSITORY)
    hooks = list(repository.hooks)
    repository.hooks.clear()
    commit = world.push("feat: greet people")
    repository.hooks.extend(hooks)
    eventually(lambda: "push started" in reconcile(world) or world.executions.of_deployment(name_of(commit)))
    world.deployed(commit)
    return commit


def test_a_lost_webhook_is_started_by_the_reconciliation(world: World, good: str) -> None:
    """P2: it ends deployed like any other, once, and another run finds nothing left to do."""
    assert world.record(good)["outcome"] == "deployed"
    assert world.version("production") == good
    started = [e for e in world.executions.of_deployment(name_of(good)) if e.workflow == "deployment"]
    assert len(started) == 1
    assert reconcile(world) == []
    assert world.left_behind() == {"locks": [], "waits": []}


def test_a_stop_whose_event_was_lost_is_settled(world: World, good: str) -> None:
    """P9: with the rule that hears of it switched off, a stopped deployment is concluded, and its build stopped."""
    client, outputs = world.platform.clients, world.platform.outputs
    rule = outputs["functions"]["functions.events.execution_ended"]
    client.client("events").disable_rule(Name=rule)
    commit = world.push("feat: stopped in its build")
    eventually(lambda: any(e.state == "AwaitBuild" for e in world.executions.of_deployment(name_of(commit))))
    (running,) = world.executions.of_deployment(name_of(commit))
    client.client("stepfunctions").stop_execution(executionArn=running.arn)
    eventually(lambda: reconcile(world) and world.record(commit).get("outcome"))
    client.client("events").enable_rule(Name=rule)
    assert world.record(commit)["outcome"] == "aborted"
    eventually(lambda: world.left_behind() == {"locks": [], "waits": []})


def test_a_rollback_is_an_incident_until_the_next_good_release(world: World, good: str) -> None:
    """R10: one issue with the alarm and what was restored; closed by the release that came through."""
    world.author.break_in_service()
    with Traffic(world.address("test")):
        bad = world.push("feat: let operations choose the salutation")
        world.deployed(bad)
    world.author.repair_service()
    issues = world.platform.github.repository(REPOSITORY).issues
    (issue,) = eventually(lambda: [one for one in issues if bad[:12] in (one.body or "") and one.comments])
    assert (issue.labels, issue.state) == (["incident"], "open")
    assert "hello-test-errors" in (issue.body or "")
    assert "Restored" in issue.comments[0].body
    mended = world.push("fix: greet people again")
    world.deployed(mended)
    eventually(lambda: issue.state == "closed")
    assert mended in issue.comments[-1].body


def test_a_monitor_outside_aws_rolls_a_release_back(world: World, good: str) -> None:
    """R11: its signed word ends the watch at once, and the version before answers again."""
    before = world.version("test")
    commit = world.push("feat: slow at the checkout")
    eventually(lambda: any(e.state == "Watch" for e in world.executions.of_deployment(name_of(commit))), 60)
    assert ring(world, "ALARM") == 202
    eventually(lambda: [e for e in world.executions.of_deployment(name_of(commit)) if e.workflow == "rollback"])
    assert ring(world, "OK") == 202
    world.deployed(commit)
    record = world.record(commit)
    assert (record["outcome"], record["stages"]["test"]["result"]) == ("restored", "restored"), record["reason"]
    assert "checkout" in record["reason"]
    assert world.version("test") == before


def test_a_freeze_refuses_with_its_reason_until_it_ends(world: World, good: str) -> None:
    """R5, T1: the refusal names who and why; unfrozen, the same commit is deployed by order of an operator."""
    kiro(world, "freeze", "staging", "--reason", "the fair")
    commit = world.push("feat: during the fair")
    world.deployed(commit)
    refused = world.record(commit)
    assert refused["outcome"] == "failed"
    assert "the fair" in refused["reason"]
    staging = next(one for one in kiro(world, "status") if one["environment"] == "staging")
    assert staging["frozen"]["reason"] == "the fair"
    kiro(world, "unfreeze", "staging", "--reason", "it is over")
    name = kiro(world, "deploy", REPOSITORY, commit)["deployment"]
    world.executions.await_end(name, 120, lambda: decide(world))
    assert kiro(world, "watch", name)["outcome"] == "deployed"
    assert {world.version(environment) for environment in ("test", "staging", "production")} == {commit}


def test_an_operator_rolls_back_to_a_named_version(world: World, good: str) -> None:
    """R7: one service of one environment, read back from what runs."""
    running = world.version("production")
    assert running != good
    started = kiro(world, "rollback", "production", "--part", "hello", "--to", good[:10], "--reason", "a drill")
    eventually(lambda: not kiro_progress(world, started["rollback"])["running"], 60)
    assert kiro_progress(world, started["rollback"])["outcome"] == "restored"
    assert world.version("production") == good
    assert world.version("staging") == running
    assert all(not one["held"] for one in kiro(world, "locks"))


def kiro_progress(world: World, name: str) -> Any:
    """Where a rollback stands."""
    return kiro(world, "watch", name)
