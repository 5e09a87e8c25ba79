"""The ways through `enhanced_watch.asl.json`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from functions.handler import encode
from tests.statemachines.paths.answers import BASELINE_AT, ENVIRONMENTS, turn, watch
from tests.statemachines.paths.house import BACKSTOP_SECONDS
from tests.statemachines.paths.playing import AS_USUAL, SILENCE, answer, raises

if TYPE_CHECKING:
    from tests.statemachines.paths.house import House

SEEN = ["Open", "Watch", "WhatWasSeen"]
BREACHED = answer(watch("breached", "alarm 5xx rings", "5xx"))


def test_a_quiet_day_ends_well(house: House) -> None:
    """R8: a handful of transitions, no lock, and nobody is told anything."""
    played = house.play("enhanced_watch")
    assert played.states == [*SEEN, "Ended"]
    assert (played.status, played.children) == ("SUCCEEDED", {})
    told = played.told("Watch", times=1)
    assert (told["until"], told["reviewed"]) == ("2025-01-02T00:00:00Z", [])
    assert told["accepted"] == {"names": ["noisy"], "at": BASELINE_AT}


def test_an_alarm_goes_back_within_the_moment(house: House) -> None:
    """R8: its event ends the watch at once; the rollback takes the lock itself, and knows what was let pass."""
    playing = house.start("enhanced_watch", {"Watch": SILENCE})
    playing.called("enhanced_watch/Watch")
    rung = time.time()
    playing.complete("enhanced_watch/Watch", watch("breached", "alarm 5xx rings", "5xx"))
    asked = playing.called("rollback/AcquireLock")
    assert asked.at - rung < BACKSTOP_SECONDS
    assert asked.payload["rollback"] is True
    played = playing.end()
    assert played.states == [*SEEN, "RollBack", "Ended"]
    assert played.status == "SUCCEEDED"
    back = played.children["test-enhanced-back"]
    assert back.states[:5] == ["Open", "AnnounceStart", "LeaseGiven", "AcquireLock", "LockTaken"]
    assert back.output["result"] == "restored"
    assert played.told("VerifyRestored")["accepted"] == {"names": ["noisy"], "at": BASELINE_AT}
    end = played.told("RecordRollback", times=1)
    assert (end["cause"], end["breachedAt"]) == ("alarm 5xx rings", "2025-01-01T00:00:00Z")


def test_a_rollback_waits_for_the_release_that_has_the_lock(house: House) -> None:
    """What that one replaced is left alone by the plan, which is read under the lock."""
    played = house.play("enhanced_watch", {"Watch": BREACHED, "rollback/AcquireLock": answer(turn("waiting"))})
    back = played.children["test-enhanced-back"].states
    assert back.index("AwaitLock") < back.index("PlanRollback")
    assert played.states == [*SEEN, "RollBack", "Ended"]


def test_a_warning_is_watched_on(house: House) -> None:
    """Its own alarm mails it; nothing is under way that could be paused. Each is remembered."""
    first, second = answer(watch("review", "slow", "slow")), answer(watch("review", "both", "queue", "disk"))
    played = house.play("enhanced_watch", {"Watch": [first, second, AS_USUAL]})
    assert played.states == [*SEEN, *SEEN[1:], *SEEN[1:], "Ended"]
    assert played.told("Watch", times=3)["reviewed"] == ["slow", "queue", "disk"]
    assert played.children == {}


def test_a_watch_is_asked_again_at_its_backstop(house: House) -> None:
    """A lost event costs one backstop."""
    played = house.play("enhanced_watch", {"Watch": [SILENCE, AS_USUAL]})
    assert played.states == [*SEEN, "Ended"]
    assert played.told("Watch", times=2)


def test_a_watch_that_breaks_says_that_nobody_watches(house: House) -> None:
    """A good release is not taken back for it."""
    played = house.play("enhanced_watch", {"Watch": raises("BadInputError", "no environment")})
    assert played.states == ["Open", "Watch", "WatchBroke"]
    assert (played.status, played.error, played.children) == ("FAILED", "WatchBroke", {})


def test_a_watch_that_never_answers_says_so_too(house: House) -> None:
    """When all asks are used up."""
    played = house.play("enhanced_watch", {"Watch": SILENCE})
    assert played.states == ["Open", "Watch", "WatchBroke"]


def test_a_rollback_that_breaks_ends_the_watch_broken(house: House) -> None:
    """The rollback's own end freezes the environment; this one says that nobody watches any more."""
    broken = encode(replace(ENVIRONMENTS[0], stabilise_seconds=-1))
    played = house.play("enhanced_watch", {"Watch": BREACHED}, environment=broken)
    assert played.states == [*SEEN, "RollBack", "WatchBroke"]
    assert (played.error, played.children["test-enhanced-back"].status) == ("WatchBroke", "FAILED")


def test_a_rollback_that_ends_unknown_ends_the_watch(house: House) -> None:
    """It has told and frozen itself."""
    script = {"Watch": BREACHED, "RestoreService": raises("DeployTargetError"), "VerifyRestored": raises("SourceError")}
    played = house.play("enhanced_watch", script)
    assert played.states == [*SEEN, "RollBack", "Ended"]
    assert played.children["test-enhanced-back"].output["result"] == "unknown"
