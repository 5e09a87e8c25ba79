"""The ways into an environment: its windows, what rings there before, and who is asked because of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.adapters.clock import iso
from functions.deployment import begin
from functions.handler import encode
from tests.statemachines.paths.answers import (
    BASELINE_AT,
    ENVIRONMENTS,
    RELEASE,
    SERVICE,
    baseline,
    decision,
    environment,
    plan,
    watch,
    window,
)
from tests.statemachines.paths.playing import AS_USUAL, Line, answer, raises
from tests.statemachines.paths.test_stage import (
    APPROVAL,
    END,
    ENTERED,
    GOOD,
    LOCK,
    THROUGH,
    TURN,
    WATCHED,
    WINDOW,
    WITH_APPROVAL,
    ended,
)

if TYPE_CHECKING:
    from tests.statemachines.paths.house import House

WAITED = [*WINDOW, "WaitForWindow"]
CLOSED_NOW = "test: outside the deployment windows"
ASKED = APPROVAL[len(ENTERED) :]
UNTOUCHED = ("AcquireLock", "EndEnhancedWatch", "WriteLedger")


def closed() -> Line:
    """The window opens in the next moment."""
    return answer(window("closed", CLOSED_NOW, iso(datetime.now(UTC) + timedelta(milliseconds=200))))


def test_a_closed_window_is_waited_for(house: House) -> None:
    """P8: as often as it takes; then the release goes the usual way, and what it waited for is no reason."""
    played = house.play("stage", {"CheckWindow": [closed(), closed(), AS_USUAL]})
    assert played.states == ["Open", *WAITED, *WAITED, *ENTERED[1:], *THROUGH]
    assert played.told("CheckWindow", times=3)["emergency"] is False
    assert ended(played, "passed", "no alarm rang")


def test_the_wait_is_as_long_as_the_answer_says(house: House) -> None:
    """The handler says when to look again; the workflow looks then, and holds no lock meanwhile."""
    played = house.play("stage", {"CheckWindow": [closed(), AS_USUAL]})
    entered = [e for e in played.events if e.get("stateEnteredEventDetails", {}).get("name") == "WaitForWindow"]
    looks = [call.at for call in played.calls if call.of("CheckWindow")]
    assert len(entered) == 1
    assert looks[1] >= entered[0]["timestamp"].timestamp()
    assert played.states.index("WaitForWindow") < played.states.index("AcquireLock")


def test_a_window_that_never_opens_ends_the_stage(house: House) -> None:
    """Nobody is asked, nothing is touched, and the reason is the window's."""
    played = house.play("stage", {"CheckWindow": answer(window("never", "frozen until 9999"))})
    assert played.states == ["Open", *WINDOW, "WindowNeverOpens", *END]
    assert ended(played, "failed", "frozen until 9999")


def test_a_window_that_cannot_be_told_is_not_open(house: House) -> None:
    """A fault of the handler ends the stage before anybody is asked."""
    played = house.play("stage", {"CheckWindow": raises("BadInputError", "no such zone")})
    assert played.states == ["Open", "CheckWindow", *END]
    assert ended(played, "failed", "CheckWindow: BadInputError", "no such zone")


BEFORE_IT_WAS_SAID = {key: value for key, value in encode(RELEASE).items() if key != "emergency"}


@pytest.mark.parametrize(
    ("release", "told"),
    [(encode(replace(RELEASE, emergency=True)), True), (encode(RELEASE), False), (BEFORE_IT_WAS_SAID, False)],
)
def test_an_emergency_is_told_to_the_window(house: House, release: dict[str, Any], told: bool) -> None:
    """P8: the handler decides on it; a release that was begun without the word is none."""
    played = house.play("stage", release=release)
    assert played.told("CheckWindow", times=1)["emergency"] is told
    assert ended(played, "passed")


def test_an_emergency_reaches_the_stages_of_a_deployment(house: House) -> None:
    """P8: said once, at the start of the deployment; Begin writes it into the release."""
    begun = answer(encode(begin.Output(replace(RELEASE, emergency=True))))
    played = house.play("deployment", {"Begin": begun}, emergency=True)
    assert played.told("Begin", times=1)["emergency"] is True
    told = {call.payload["emergency"] for call in played.calls if call.of("stage/CheckWindow")}
    assert told == {True}
    assert {call.payload["emergency"] for call in house.play("deployment").calls if call.of("CheckWindow")} == {False}


def test_a_window_that_closed_during_the_approval_is_waited_for(house: House) -> None:
    """People may take longer than a window: approved once, the release enters at the next opening, unasked."""
    played = house.play("stage", {"CheckWindow": [AS_USUAL, closed(), AS_USUAL]}, environment=WITH_APPROVAL)
    assert played.states == [*APPROVAL, *WAITED, *WINDOW, *THROUGH]
    assert played.told("RequestApproval", times=1)
    assert played.told("ReadBaseline", times=1)
    assert ended(played, "passed")


def test_a_window_that_never_opens_again_after_the_approval(house: House) -> None:
    """An agreement does not open it."""
    script = {"CheckWindow": [AS_USUAL, answer(window("never", "frozen for good"))]}
    played = house.play("stage", script, environment=WITH_APPROVAL)
    assert played.states == [*APPROVAL, *WINDOW, "WindowNeverOpens", *END]
    assert ended(played, "failed", "frozen for good")


def test_what_rings_before_blocks(house: House) -> None:
    """R1: by its setting the stage ends untouched, and says what rings."""
    script = {"ReadBaseline": answer(baseline("block", "alarm 5xx rings", "5xx"))}
    played = house.play("stage", script, environment=WITH_APPROVAL)
    assert played.states == [*ENTERED, *END]
    assert ended(played, "failed", "production is not well before the release: alarm 5xx rings")


def test_a_baseline_that_cannot_be_read_changes_nothing(house: House) -> None:
    """An environment whose alarms can't be read is left alone."""
    played = house.play("stage", {"ReadBaseline": raises("DeployTargetError", "no access")})
    assert played.states == [*ENTERED[:-1], *END]
    assert ended(played, "failed", "ReadBaseline: DeployTargetError", "no access")


ASK = answer(baseline("ask", "alarm 5xx rings", "5xx"))


def test_what_rings_before_is_asked_about(house: House) -> None:
    """R1: also where no approval is needed; approved, the release enters and its watch lets that ringing pass."""
    played = house.play("stage", {"ReadBaseline": ASK})
    assert played.states == [*APPROVAL, *WINDOW, *THROUGH]
    asked = played.told("RequestApproval", times=1)
    assert (asked["purpose"], asked["reason"]) == ("deploy", "alarm 5xx rings")
    assert played.told("Watch", times=1)["accepted"] == {"names": ["5xx"], "at": BASELINE_AT}
    assert ended(played, "passed")
    assert "5xx" not in played.output["reason"]


def test_where_approval_is_needed_people_are_asked_once(house: House) -> None:
    """One request holds both: the release, and what rings."""
    played = house.play("stage", {"ReadBaseline": ASK}, environment=WITH_APPROVAL)
    assert played.states == [*APPROVAL, *WINDOW, *THROUGH]
    assert played.told("RequestApproval", times=1)["reason"] == "alarm 5xx rings"


@pytest.mark.parametrize("outcome", ["rejected", "expired", "superseded", "void"])
def test_what_rings_before_and_was_not_agreed_to_ends_the_stage(house: House, outcome: str) -> None:
    """Nothing was changed, so nothing goes back."""
    played = house.play("stage", {"ReadBaseline": ASK, "AwaitApproval": answer(decision(outcome, "wait for it"))})
    assert played.states == [*ENTERED, *ASKED, "NotApproved", *END]
    assert ended(played, outcome, "wait for it")
    assert not any(call.of(state) for call in played.calls for state in UNTOUCHED)


def test_what_is_let_pass_is_told_to_watch_and_rollback(house: House) -> None:
    """R1: ignored by its setting, it neither breaches the watch nor keeps the way back from being called restored."""
    script = {
        "ReadBaseline": answer(baseline("clear", "alarm noisy rings", "noisy", "slow")),
        "Watch": answer(watch("breached", "alarm 5xx rings", "5xx")),
    }
    played = house.play("stage", script)
    accepted = {"names": ["noisy", "slow"], "at": BASELINE_AT}
    assert played.states == [*TURN, *WATCHED[len(TURN) :], "RollBack", *END]
    assert played.told("stage/Watch", times=1)["accepted"] == accepted
    assert played.told("VerifyRestored", times=1)["accepted"] == accepted


def test_a_watch_that_cannot_be_ended_keeps_the_release_out(house: House) -> None:
    """R8: it might undo what is applied now; the lock is given back."""
    played = house.play("stage", {"EndEnhancedWatch": raises("BadInputError", "no such watch")})
    assert played.states == [*TURN, "EndEnhancedWatch", *END]
    assert ended(played, "failed", "EndEnhancedWatch: BadInputError")


def test_the_long_watch_of_the_release_before_ends_under_the_lock(house: House) -> None:
    """R8: after the lock was taken and before the first change, by this execution's name."""
    played = house.play("stage")
    assert [*LOCK, "EndEnhancedWatch", "NextPart"] == played.states[len(ENTERED) : len(ENTERED) + 4]
    told = played.told("EndEnhancedWatch", times=1)
    assert told["environment"] == "test"
    assert told["execution"].endswith(f":{played.name}")


def test_a_good_release_is_watched_on(house: House) -> None:
    """R8: where it is set, in an execution of its own that the stage does not wait for."""
    given = environment("test", enhanced=3600)
    script: dict[str, Line | list[Line]] = {
        "ReadBaseline": answer(baseline("clear", "alarm noisy rings", "noisy")),
        "stage/Watch": [answer(watch("review", "alarm slow rings", "slow")), AS_USUAL],
    }
    played = house.play("stage", script, environment=encode(given))
    assert played.states[-len(GOOD) - 1 :] == ["RecordGood", "WatchOn", "StartEnhancedWatch", *END]
    assert ended(played, "passed", "no alarm rang")
    watched = played.children["test-enhanced"]
    assert (watched.status, watched.states) == ("SUCCEEDED", ["Open", "Watch", "WhatWasSeen", "Ended"])
    told = played.told("enhanced_watch/Watch", times=1)
    assert (told["environment"], told["reviewed"]) == (encode(given), ["slow"])
    assert told["accepted"] == {"names": ["noisy"], "at": BASELINE_AT}
    left = datetime.fromisoformat(told["until"]) - datetime.now(UTC)
    assert timedelta(minutes=50) < left <= timedelta(hours=1)


def test_where_it_is_not_set_nothing_is_watched_on(house: House) -> None:
    """No further execution."""
    assert house.play("stage").children == {}


def test_a_long_watch_that_cannot_start_takes_no_good_release_back(house: House) -> None:
    """R8: the release has passed; what is missing is told."""
    given = encode(environment("test", enhanced=3600))
    played = house.without("enhanced_watch").play("stage", environment=given)
    assert played.states[-len(GOOD) - 1 :] == ["RecordGood", "WatchOn", "StartEnhancedWatch", *END]
    assert ended(played, "passed", "the enhanced watch did not start")


def test_who_approves_is_told_what_can_not_be_undone(house: House) -> None:
    """M6: the parts of this release whose migration is declared irreversible, by name; usually none."""
    final = replace(SERVICE, name="hello/db", migration="irreversible")
    for parts, named in (((SERVICE, final), ["hello/db"]), ((SERVICE,), [])):
        played = house.play("stage", environment=WITH_APPROVAL, parts=encode(parts))
        assert played.told("RequestApproval", times=1)["irreversible"] == named


def test_what_the_repository_no_longer_names_is_left_behind(house: House) -> None:
    """The plan of a stage says what is gone: it is not looked at while the release is judged, then it is forgotten."""
    made = plan(*ENVIRONMENTS[:2])
    made["stages"][1]["gone"] = ["hello/old"]
    played = house.play("deployment", {"PlanRelease": answer(made)})
    for state in ("ReadBaseline", "Verify", "Watch", "RecordGood"):
        told = [played.told(f"stage/{state}@{name}")["gone"] for name in ("test", "staging")]
        assert told == [[], ["hello/old"]], state
