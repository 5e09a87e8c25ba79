"""Which release may go where, and when: superseding, windows, alarms that ring before, watches that go on."""

import json
import time
from typing import Any

import pytest

from tests.scenarios.world import World, name_of


@pytest.fixture(scope="module", autouse=True)
def _first(world: World) -> None:
    """There is a release to go back to."""
    world.released()


def until(world: World, name: str, state: str, seconds: float = 60) -> None:
    """Wait until an execution is in a state."""
    deadline = time.monotonic() + seconds
    while not any(e.name == name and e.state == state for e in world.executions.of_deployment(name)):
        assert time.monotonic() < deadline, f"{name} never came to {state}"
        time.sleep(0.2)


def ring(world: World, alarm: str, state: str) -> None:
    """Set an alarm by hand, as an operator may; the platform publishes the event."""
    world.platform.clients.client("cloudwatch").set_alarm_state(
        AlarmName=alarm, StateValue=state, StateReason="set by a test"
    )


def test_the_older_of_two_pending_approvals_is_superseded(world: World) -> None:
    """A newer release that asks for production ends the older one's request, and its link says so."""
    older = world.push("feat: the older one")
    until(world, f"{name_of(older)}-production", "AwaitApproval")
    newer = world.push("feat: the newer one")
    ended = world.executions.await_end(name_of(older), 90, lambda: None)
    assert world.record(older)["outcome"] == "superseded"
    assert not [e for e in ended if e.workflow == "rollback"]
    world.deployed(newer)
    assert world.record(newer)["outcome"] == "deployed"
    assert world.version("production") == newer
    assert [code for subject, code in world.approver.too_late.items() if older[:12] in subject] == [410]


def test_an_older_release_never_overwrites_a_newer_one(world: World) -> None:
    """A commit started by hand after its successor was deployed changes nothing."""
    ended = world.start("by-hand-older", world.author.commit_before())
    assert world.record_of("by-hand-older")["outcome"] == "superseded"
    assert {e.workflow for e in ended} == {"deployment"}


def test_an_alarm_that_rings_before_blocks_the_release(world: World) -> None:
    """A release does not enter an environment that is burning already; nothing is touched."""
    before = world.version("test")
    ring(world, "hello-test-errors", "ALARM")
    commit = world.push("feat: not now")
    world.deployed(commit)
    ring(world, "hello-test-errors", "OK")
    record = world.record(commit)
    assert (record["outcome"], record["baseline_test"]["outcome"]) == ("failed", "block")
    assert "hello-test-errors" in record["reason"]
    assert world.version("test") == before


def test_a_stopped_stage_goes_back(world: World) -> None:
    """Stopping a deployment while it watches brings the environment back, frees the lock and tells the outcome."""
    before = world.version("test")
    commit = world.push("feat: stopped on its way")
    until(world, f"{name_of(commit)}-test", "Watch")
    found = next(e for e in world.executions.of_deployment(name_of(commit)) if e.workflow == "deployment")
    world.platform.clients.client("stepfunctions").stop_execution(executionArn=found.arn, cause="a person")
    deadline = time.monotonic() + 60

    def gone_back() -> bool:
        rollback = [e for e in world.executions.of_deployment(name_of(commit)) if e.workflow == "rollback"]
        return bool(rollback) and rollback[0].status == "SUCCEEDED"

    while not gone_back():
        assert time.monotonic() < deadline, world.executions.of_deployment(name_of(commit))
        time.sleep(0.2)
    assert world.version("test") == before
    assert world.record(commit)["outcome"] == "aborted"
    while world.left_behind() != {"locks": [], "waits": []}:
        assert time.monotonic() < deadline, world.left_behind()
        time.sleep(0.2)


def configured(world: World, **changed: Any) -> dict[str, Any]:
    """The test environment as the workflow carries it, with something changed."""
    sfn = world.platform.clients.client("stepfunctions")
    machine = world.platform.outputs["deploymentWorkflow"]
    definition = json.loads(sfn.describe_state_machine(stateMachineArn=machine)["definition"])
    environments = definition["States"]["Begin"]["Assign"]["environments"]
    return {**environments[0], **changed}


def test_an_enhanced_watch_rolls_back_a_day_later(world: World) -> None:
    """The watch after the deployment costs a few transitions, and an alarm still rolls the release back."""
    good = world.version("test")
    sfn = world.platform.clients.client("stepfunctions")
    commit = world.push("feat: looks good at first")
    world.deployed(commit)
    record = world.record(commit)
    release = record["release"]
    started = sfn.start_execution(
        stateMachineArn=world.platform.outputs["enhancedWatchWorkflow"],
        name=f"{name_of(commit)}-test-enhanced",
        input=json.dumps(
            {
                "deploymentId": name_of(commit),
                "release": release,
                "environment": configured(world),
                "until": "2999-01-01T00:00:00.000Z",
                "reviewed": [],
                "accepted": {"names": [], "at": ""},
            }
        ),
    )["executionArn"]
    entered(sfn, started, "Watch")
    ring(world, "hello-test-errors", "ALARM")
    entered(sfn, started, "RollBack")
    ring(world, "hello-test-errors", "OK")
    states = entered(sfn, started, "Ended")
    assert world.version("test") == good
    assert states == ["Open", "Watch", "WhatWasSeen", "RollBack", "Ended"]


def entered(sfn: Any, execution: str, state: str) -> list[str]:
    """The states that an execution has entered, once this one is among them."""
    deadline = time.monotonic() + 60
    while True:
        events = sfn.get_execution_history(executionArn=execution, maxResults=1000)["events"]
        states = [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e]
        if state in states:
            return states
        assert time.monotonic() < deadline, f"{state} was not entered, but {states}"
        time.sleep(0.2)
