"""The paths through `enhanced_watch.asl.json`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from functions.handler import encode
from tests.statemachines.paths.answers import BASELINE_AT, ENVIRONMENTS, turn, watch
from tests.statemachines.paths.executions import AS_USUAL, SILENCE, answer, raises
from tests.statemachines.paths.runner import BACKSTOP_SECONDS

if TYPE_CHECKING:
    from tests.statemachines.paths.runner import WorkflowRunner

SEEN = ["Open", "ReadRecord", "Watch", "WhatWasSeen"]
BREACHED = answer(watch("breached", "alarm 5xx is in ALARM", "5xx"))


def test_a_quiet_day_ends_well(runner: WorkflowRunner) -> None:
    """R8: it costs a few transitions, takes no lock, and sends no notification."""
    execution = runner.run("enhanced_watch")
    assert execution.states == [*SEEN, "Ended"]
    assert (execution.status, execution.children) == ("SUCCEEDED", {})
    payload = execution.payload_of("Watch", times=1)
    assert (payload["until"], payload["reviewed"]) == ("2025-01-02T00:00:00Z", [])
    assert payload["accepted"] == {"names": ["noisy"], "at": BASELINE_AT}


def test_an_alarm_rolls_back_at_once(runner: WorkflowRunner) -> None:
    """R8: its event ends the watch at once; the rollback takes the lock itself and gets the accepted alarms."""
    running = runner.start("enhanced_watch", {"Watch": SILENCE})
    running.called("enhanced_watch/Watch")
    breached = time.time()
    running.complete("enhanced_watch/Watch", watch("breached", "alarm 5xx is in ALARM", "5xx"))
    request = running.called("rollback/AcquireLock")
    assert request.at - breached < BACKSTOP_SECONDS
    assert request.payload["rollback"] is True
    execution = running.end()
    assert execution.states == [*SEEN, "RollBack", "Ended"]
    assert execution.status == "SUCCEEDED"
    back = execution.children["test-enhanced-back"]
    assert back.states[:6] == ["Open", "ReadRecord", "AnnounceStart", "LeaseGiven", "AcquireLock", "LockTaken"]
    assert back.output["result"] == "restored"
    assert execution.payload_of("AwaitAlarms")["accepted"] == {"names": ["noisy"], "at": BASELINE_AT}
    end = execution.payload_of("RecordRollback", times=1)
    assert (end["cause"], end["breachedAt"]) == ("alarm 5xx is in ALARM", "2025-01-01T00:00:00Z")


def test_a_rollback_waits_for_the_release_that_has_the_lock(runner: WorkflowRunner) -> None:
    """The plan, which is read under the lock, leaves out the parts that the other release replaced."""
    execution = runner.run("enhanced_watch", {"Watch": BREACHED, "rollback/AcquireLock": answer(turn("waiting"))})
    back = execution.children["test-enhanced-back"].states
    assert back.index("AwaitLock") < back.index("PlanRollback")
    assert execution.states == [*SEEN, "RollBack", "Ended"]


def test_a_warning_does_not_end_the_watch(runner: WorkflowRunner) -> None:
    """Warnings are remembered, and the watch goes on: no deployment is under way that could be paused."""
    first, second = answer(watch("review", "slow", "slow")), answer(watch("review", "both", "queue", "disk"))
    execution = runner.run("enhanced_watch", {"Watch": [first, second, AS_USUAL]})
    assert execution.states == [*SEEN, *SEEN[2:], *SEEN[2:], "Ended"]
    assert execution.payload_of("Watch", times=3)["reviewed"] == ["slow", "queue", "disk"]
    assert execution.children == {}


def test_an_unhealthy_sample_is_followed_by_another(runner: WorkflowRunner) -> None:
    """R8: one bad answer in a day of samples is no breach."""
    sick = answer(watch("unhealthy", "hello is not healthy: 503"))
    execution = runner.run("enhanced_watch", {"Watch": [sick, AS_USUAL]})
    assert execution.states == [*SEEN, "SampleAgain", *SEEN[2:], "Ended"]


def test_a_watch_that_began_before_an_update_lets_all_parts_decide(runner: WorkflowRunner) -> None:
    """Its input does not name the release's manifest."""
    assert runner.run("enhanced_watch").payload_of("Watch")["own"] == ""


def test_a_watch_queries_again_at_its_backstop(runner: WorkflowRunner) -> None:
    """A lost event costs one backstop."""
    execution = runner.run("enhanced_watch", {"Watch": [SILENCE, AS_USUAL]})
    assert execution.states == [*SEEN, "Ended"]
    assert execution.payload_of("Watch", times=2)


def test_a_failed_watch_is_reported(runner: WorkflowRunner) -> None:
    """It ends as failed, and the good release is not rolled back."""
    execution = runner.run("enhanced_watch", {"Watch": raises("BadInputError", "no environment")})
    assert execution.states == ["Open", "ReadRecord", "Watch", "WatchBroke"]
    assert (execution.status, execution.error, execution.children) == ("FAILED", "WatchBroke", {})


def test_a_watch_that_never_answers_is_reported(runner: WorkflowRunner) -> None:
    """It ends as failed after its last query."""
    execution = runner.run("enhanced_watch", {"Watch": SILENCE})
    assert execution.states == ["Open", "ReadRecord", "Watch", "WatchBroke"]


def test_a_failed_rollback_fails_the_watch(runner: WorkflowRunner) -> None:
    """The end of the rollback freezes the environment; the end of the watch reports that it stopped watching."""
    broken = encode(replace(ENVIRONMENTS[0], stabilise_seconds=-1))
    execution = runner.run("enhanced_watch", {"Watch": BREACHED}, environment=broken)
    assert execution.states == [*SEEN, "RollBack", "WatchBroke"]
    assert (execution.error, execution.children["test-enhanced-back"].status) == ("WatchBroke", "FAILED")


def test_a_rollback_that_ends_unknown_ends_the_watch(runner: WorkflowRunner) -> None:
    """The rollback has frozen the environment and notified people itself."""
    script = {"Watch": BREACHED, "RestoreService": raises("DeployTargetError"), "VerifyRestored": raises("SourceError")}
    execution = runner.run("enhanced_watch", script)
    assert execution.states == [*SEEN, "RollBack", "Ended"]
    assert execution.children["test-enhanced-back"].output["result"] == "unknown"
