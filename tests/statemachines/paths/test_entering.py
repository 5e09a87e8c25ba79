"""The ways into an environment: evidence, windows, alarms in the baseline, and the approvals that they cause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from functions.adapters.clock import iso
from functions.deployment import begin
from functions.domain.requests import Request
from functions.handler import encode
from tests.statemachines.paths.answers import (
    BASELINE_AT,
    ENVIRONMENTS,
    RELEASE,
    SERVICE,
    admission,
    baseline,
    decision,
    environment,
    evidence,
    plan,
    turn,
    watch,
    window,
)
from tests.statemachines.paths.executions import AS_USUAL, SILENCE, Line, answer, raises
from tests.statemachines.paths.test_stage import (
    APPROVAL,
    BASELINE,
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
    from tests.statemachines.paths.runner import WorkflowRunner

WAITED = [*WINDOW, "WaitForWindow"]
CLOSED_NOW = "test: outside the deployment windows"
ASKED = APPROVAL[len(ENTERED) :]
UNTOUCHED = ("AcquireLock", "EndEnhancedWatch", "WriteLedger")


def soaking() -> Line:
    """The answer that the soak is over in a moment."""
    return answer(evidence("soaking", "60 min are demanded", iso(datetime.now(UTC) + timedelta(milliseconds=200))))


def test_a_soak_is_waited_for(runner: WorkflowRunner) -> None:
    """G6: "not yet" is no failure; the stage waits without a lock, checks again and goes on as usual."""
    execution = runner.run("stage", {"CheckEvidence": [soaking(), soaking(), AS_USUAL]})
    waited = ["CheckEvidence", "EvidenceComplete", "WaitForSoak"]
    assert execution.states == ["Open", "ReadRecord", *waited, *waited, *ENTERED[2:], *THROUGH]
    payload = execution.payload_of("CheckEvidence", times=3)
    assert payload["environment"] == encode(ENVIRONMENTS[0])
    assert ended(execution, "passed", "no alarm was in ALARM")


@pytest.mark.parametrize(("outcome", "result"), [("missing", "failed"), ("superseded", "superseded")])
def test_without_evidence_nothing_is_touched(runner: WorkflowRunner, outcome: str, result: str) -> None:
    """G6: a release without it fails before any change, and one that a newer release replaced is superseded."""
    execution = runner.run("stage", {"CheckEvidence": answer(evidence(outcome, "test lacks `integration`"))})
    assert execution.states == ["Open", "ReadRecord", "CheckEvidence", "EvidenceComplete", "NotPromoted", *END]
    assert ended(execution, result, "test lacks `integration`")


def test_evidence_is_checked_again_after_an_approval(runner: WorkflowRunner) -> None:
    """G6: a release that was rolled back in the environment before, while a person decided, does not go on."""
    script = {"CheckEvidence": [AS_USUAL, answer(evidence("missing", "it was rolled back in test"))]}
    execution = runner.run("stage", script, environment=WITH_APPROVAL)
    assert execution.states == [*APPROVAL, "CheckEvidence", "EvidenceComplete", "NotPromoted", *END]
    assert ended(execution, "failed", "it was rolled back in test")


def test_evidence_that_cannot_be_read_is_none(runner: WorkflowRunner) -> None:
    """A fault of the handler ends the stage before an approval is requested."""
    execution = runner.run("stage", {"CheckEvidence": raises("BadInputError", "no such record")})
    assert execution.states == ["Open", "ReadRecord", "CheckEvidence", *END]
    assert ended(execution, "failed", "CheckEvidence: BadInputError", "no such record")


def closed() -> Line:
    """The answer that the window opens in a moment."""
    return answer(window("closed", CLOSED_NOW, iso(datetime.now(UTC) + timedelta(milliseconds=200))))


def test_a_closed_window_is_waited_for(runner: WorkflowRunner) -> None:
    """P8: the stage waits as often as needed, then goes on as usual; the window is not in its reason."""
    execution = runner.run("stage", {"CheckWindow": [closed(), closed(), AS_USUAL]})
    assert execution.states == ["Open", "ReadRecord", *WAITED, *WAITED, *ENTERED[2:], *THROUGH]
    assert execution.payload_of("CheckWindow", times=3)["emergency"] is False
    assert ended(execution, "passed", "no alarm was in ALARM")


def test_the_wait_is_as_long_as_the_answer_says(runner: WorkflowRunner) -> None:
    """The handler gives the time of the next check; the workflow checks then, without a lock in the meantime."""
    execution = runner.run("stage", {"CheckWindow": [closed(), AS_USUAL]})
    entered = [e for e in execution.events if e.get("stateEnteredEventDetails", {}).get("name") == "WaitForWindow"]
    checks = [call.at for call in execution.calls if call.of("CheckWindow")]
    assert len(entered) == 1
    assert checks[1] >= entered[0]["timestamp"].timestamp()
    assert execution.states.index("WaitForWindow") < execution.states.index("AcquireLock")


def test_a_window_that_never_opens_ends_the_stage(runner: WorkflowRunner) -> None:
    """No approval is requested, nothing is changed, and the reason is the window's."""
    execution = runner.run("stage", {"CheckWindow": answer(window("never", "frozen until 9999"))})
    assert execution.states == ["Open", "ReadRecord", *WINDOW, "WindowNeverOpens", *END]
    assert ended(execution, "held", "frozen until 9999")


def test_a_window_that_cannot_be_read_is_not_open(runner: WorkflowRunner) -> None:
    """A fault of the handler ends the stage before an approval is requested."""
    execution = runner.run("stage", {"CheckWindow": raises("BadInputError", "no such zone")})
    assert execution.states == ["Open", "ReadRecord", *WINDOW[:-1], *END]
    assert ended(execution, "failed", "CheckWindow: BadInputError", "no such zone")


BEFORE_IT_WAS_SAID = {key: value for key, value in encode(RELEASE).items() if key != "emergency"}


@pytest.mark.parametrize(
    ("release", "expected"),
    [(encode(replace(RELEASE, emergency=True)), True), (encode(RELEASE), False), (BEFORE_IT_WAS_SAID, False)],
)
def test_the_window_knows_of_an_emergency(runner: WorkflowRunner, release: dict[str, Any], expected: bool) -> None:
    """P8: the handler gets `emergency` and decides; a release without it is no emergency."""
    execution = runner.run("stage", release=release)
    assert execution.payload_of("CheckWindow", times=1)["emergency"] is expected
    assert ended(execution, "passed")


def test_an_emergency_reaches_the_stages_of_a_deployment(runner: WorkflowRunner) -> None:
    """P8: it is given once, at the start of the deployment; Begin writes it into the release."""
    begun = answer(encode(begin.Output(replace(RELEASE, emergency=True), Request(RELEASE.repository, RELEASE.ref))))
    execution = runner.run("deployment", {"Begin": begun}, emergency=True)
    assert execution.payload_of("Begin", times=1)["request"]["emergency"] is True
    payload = {call.payload["emergency"] for call in execution.calls if call.of("stage/CheckWindow")}
    assert payload == {True}
    assert {call.payload["emergency"] for call in runner.run("deployment").calls if call.of("CheckWindow")} == {False}


def test_a_window_that_closed_during_the_approval_is_waited_for(runner: WorkflowRunner) -> None:
    """If the window closed before the decision, the release enters at the next opening without another request."""
    execution = runner.run("stage", {"CheckWindow": [AS_USUAL, closed(), AS_USUAL]}, environment=WITH_APPROVAL)
    assert execution.states == [*APPROVAL, *WAITED, *ENTERED[2:], *THROUGH]
    assert execution.payload_of("RequestApproval", times=1)
    assert ended(execution, "passed")


def test_a_window_that_never_opens_again_after_the_approval(runner: WorkflowRunner) -> None:
    """An approval does not open it; nothing has failed, so the stage ends as held."""
    script = {"CheckWindow": [AS_USUAL, answer(window("never", "frozen for good"))]}
    execution = runner.run("stage", script, environment=WITH_APPROVAL)
    assert execution.states == [*APPROVAL, *WINDOW, "WindowNeverOpens", *END]
    assert ended(execution, "held", "frozen for good")


def test_an_alarm_in_the_baseline_blocks(runner: WorkflowRunner) -> None:
    """R1: if it is set so, the stage ends before any change, and its reason names the alarm."""
    script = {"ReadBaseline": answer(baseline("block", "alarm 5xx is in ALARM", "5xx"))}
    execution = runner.run("stage", script, environment=WITH_APPROVAL)
    assert execution.states == [*ENTERED, *END]
    assert ended(execution, "failed", "production is not well before the release: alarm 5xx is in ALARM")


def test_a_baseline_that_cannot_be_read_ends_the_stage(runner: WorkflowRunner) -> None:
    """An environment whose alarms can't be read is not changed."""
    execution = runner.run("stage", {"ReadBaseline": raises("DeployTargetError", "no access")})
    assert execution.states == [*ENTERED[:-1], *END]
    assert ended(execution, "failed", "ReadBaseline: DeployTargetError", "no access")
    under_the_lock = runner.run("stage", {"ReadBaseline": [AS_USUAL, raises("DeployTargetError", "no access")]})
    assert under_the_lock.states == [*TURN, "ReadBaseline", *END]


ASK = answer(baseline("ask", "alarm 5xx is in ALARM", "5xx"))
# Once a person has approved that alarm.
APPROVED = answer(baseline("clear", "alarm 5xx is in ALARM", "5xx"))


def test_an_alarm_in_the_baseline_needs_an_approval(runner: WorkflowRunner) -> None:
    """R1: also where releases need no approval; after it the release enters, and the watch accepts that alarm."""
    execution = runner.run("stage", {"ReadBaseline": [ASK, APPROVED]})
    assert execution.states == [*APPROVAL, *ENTERED[2:], *THROUGH]
    assert [call.payload["approved"] for call in execution.calls if call.of("ReadBaseline")] == [
        [],
        ["ALARM 5xx"],
        ["ALARM 5xx"],
    ]
    assert execution.payload_of("AwaitApproval", times=1)["accepted"] == {"names": ["5xx"], "at": BASELINE_AT}
    request = execution.payload_of("RequestApproval", times=1)
    assert (request["purpose"], request["reason"]) == ("deploy", "alarm 5xx is in ALARM")
    assert execution.payload_of("Watch", times=1)["accepted"] == {"names": ["5xx"], "at": BASELINE_AT, "existing": []}
    assert ended(execution, "passed")
    assert "5xx" not in execution.output["reason"]


def test_one_approval_covers_release_and_baseline(runner: WorkflowRunner) -> None:
    """One request holds both: the release and the alarms of the baseline."""
    execution = runner.run("stage", {"ReadBaseline": [ASK, APPROVED]}, environment=WITH_APPROVAL)
    assert execution.states == [*APPROVAL, *ENTERED[2:], *THROUGH]
    assert execution.payload_of("RequestApproval", times=1)["reason"] == "alarm 5xx is in ALARM"


@pytest.mark.parametrize("outcome", ["rejected", "expired", "superseded", "void"])
def test_a_baseline_without_approval_ends_the_stage(runner: WorkflowRunner, outcome: str) -> None:
    """Nothing was changed, so nothing is rolled back."""
    execution = runner.run("stage", {"ReadBaseline": ASK, "AwaitApproval": answer(decision(outcome, "wait for it"))})
    assert execution.states == [*ENTERED, *ASKED, "NotApproved", *END]
    assert ended(execution, outcome, "wait for it")
    assert not any(call.of(state) for call in execution.calls for state in UNTOUCHED)


def test_watch_and_rollback_get_the_accepted_alarms(runner: WorkflowRunner) -> None:
    """R1: an alarm that is ignored by its setting neither breaches the watch nor is awaited after the rollback."""
    script = {
        "ReadBaseline": answer(baseline("clear", "alarm noisy is in ALARM", "noisy", "slow")),
        "Watch": answer(watch("breached", "alarm 5xx is in ALARM", "5xx")),
    }
    execution = runner.run("stage", script)
    accepted = {"names": ["noisy", "slow"], "at": BASELINE_AT}
    assert execution.states == [*TURN, *WATCHED[len(TURN) :], "RollBack", *END]
    assert execution.payload_of("stage/Watch", times=1)["accepted"] == {**accepted, "existing": []}
    assert execution.payload_of("AwaitAlarms", times=1)["accepted"] == accepted


def test_a_watch_that_cannot_be_ended_keeps_the_release_out(runner: WorkflowRunner) -> None:
    """R8: that watch could roll this release back; the stage ends, and the lock is released."""
    execution = runner.run("stage", {"EndEnhancedWatch": raises("BadInputError", "no such watch")})
    assert execution.states == [*TURN, *BASELINE, "EndEnhancedWatch", *END]
    assert ended(execution, "failed", "EndEnhancedWatch: BadInputError")


def test_the_enhanced_watch_of_the_release_before_ends_under_the_lock(runner: WorkflowRunner) -> None:
    """R8: it ends after the lock was taken and before the first change, with this execution as the cause."""
    execution = runner.run("stage")
    entered = [*LOCK, *BASELINE, "EndEnhancedWatch", "NextPart"]
    assert execution.states[len(ENTERED) : len(ENTERED) + len(entered)] == entered
    payload = execution.payload_of("EndEnhancedWatch", times=1)
    assert payload["environment"] == "test"
    assert payload["execution"].endswith(f":{execution.name}")


def test_a_good_release_gets_an_enhanced_watch(runner: WorkflowRunner) -> None:
    """R8: if it is set, the stage starts it in an execution of its own and does not wait for it."""
    given = environment("test", enhanced=3600)
    script: dict[str, Line | list[Line]] = {
        "ReadBaseline": answer(baseline("clear", "alarm noisy is in ALARM", "noisy")),
        "stage/Watch": [answer(watch("review", "alarm slow is in ALARM", "slow")), AS_USUAL],
    }
    execution = runner.run("stage", script, environment=encode(given))
    assert execution.states[-len(GOOD) - 1 :] == ["RecordGood", "WatchOn", "StartEnhancedWatch", *END]
    assert ended(execution, "passed", "no alarm was in ALARM")
    watched = execution.children["test-enhanced"]
    assert (watched.status, watched.states) == ("SUCCEEDED", ["Open", "ReadRecord", "Watch", "WhatWasSeen", "Ended"])
    payload = execution.payload_of("enhanced_watch/Watch", times=1)
    assert (payload["environment"], payload["reviewed"]) == (encode(given), ["slow"])
    assert payload["accepted"] == {"names": ["noisy"], "at": BASELINE_AT, "existing": []}
    left = datetime.fromisoformat(payload["until"]) - datetime.now(UTC)
    assert timedelta(minutes=50) < left <= timedelta(hours=1)


def test_without_the_setting_there_is_no_enhanced_watch(runner: WorkflowRunner) -> None:
    """No further execution is started."""
    assert runner.run("stage").children == {}


def test_an_enhanced_watch_that_cannot_start_rolls_nothing_back(runner: WorkflowRunner) -> None:
    """R8: the release has passed; its reason reports the missing watch."""
    given = encode(environment("test", enhanced=3600))
    execution = runner.without("enhanced_watch").run("stage", environment=given)
    assert execution.states[-len(GOOD) - 1 :] == ["RecordGood", "WatchOn", "StartEnhancedWatch", *END]
    assert ended(execution, "passed", "the enhanced watch did not start")


def test_the_approval_names_irreversible_parts(runner: WorkflowRunner) -> None:
    """M6: the request names the parts of this release whose migration is declared irreversible; usually none."""
    final = replace(SERVICE, name="hello/db", migration="irreversible")
    for parts, named in (((SERVICE, final), ["hello/db"]), ((SERVICE,), [])):
        execution = runner.run("stage", environment=WITH_APPROVAL, parts=encode(parts))
        assert execution.payload_of("RequestApproval", times=1)["irreversible"] == named


def test_parts_that_left_the_repository_are_forgotten(runner: WorkflowRunner) -> None:
    """The plan names parts that are gone: the watch ignores them, and RecordGood removes their record."""
    made = plan(*ENVIRONMENTS[:2])
    made["stages"][1]["gone"] = ["hello/old"]
    execution = runner.run("deployment", {"PlanRelease": answer(made)})
    for state in ("ReadBaseline", "Verify", "Watch", "RecordGood"):
        payload = [execution.payload_of(f"stage/{state}@{name}")["gone"] for name in ("test", "staging")]
        assert payload == [[], ["hello/old"]], state


FROZEN = answer(window("frozen", "production is frozen since 2025 by Ada: the fair"))
UNFREEZE = [*WINDOW, "AwaitUnfreeze", "Unfrozen"]


def test_a_frozen_environment_is_waited_for(runner: WorkflowRunner) -> None:
    """P12: nothing is requested of anybody during the freeze; after the unfreeze the release enters by itself."""
    running = runner.start(
        "stage", {"CheckWindow": [FROZEN, AS_USUAL], "AwaitUnfreeze": SILENCE}, environment=WITH_APPROVAL
    )
    running.complete("stage/AwaitUnfreeze", admission("unfrozen"))
    execution = running.end()
    assert execution.states == ["Open", "ReadRecord", *UNFREEZE, *APPROVAL[2:], *ENTERED[2:], *THROUGH]
    assert ended(execution, "passed", "no alarm was in ALARM")


@pytest.mark.parametrize("outcome", ["superseded", "held"])
def test_a_release_may_wait_in_vain(runner: WorkflowRunner, outcome: str) -> None:
    """P12: a newer release, or the end of its time, ends the stage with that result and without a change."""
    execution = runner.run("stage", {"CheckWindow": FROZEN, "AwaitUnfreeze": answer(admission(outcome, "because"))})
    assert execution.states == ["Open", "ReadRecord", *UNFREEZE, "NotAdmitted", *END]
    assert ended(execution, outcome, "because")
    assert not any(call.of(state) for call in execution.calls for state in UNTOUCHED)


def test_a_freeze_that_cannot_be_read_keeps_the_release_out(runner: WorkflowRunner) -> None:
    """A fault of the handler ends the stage before any change."""
    execution = runner.run("stage", {"CheckWindow": FROZEN, "AwaitUnfreeze": raises("BadInputError", "no table")})
    assert execution.states == ["Open", "ReadRecord", *WINDOW, "AwaitUnfreeze", *END]
    assert ended(execution, "failed", "AwaitUnfreeze: ")


def test_all_waits_for_an_unfreeze_count_together(runner: WorkflowRunner) -> None:
    """The limit counts from the first wait, however often the environment is frozen again."""
    execution = runner.run("stage", {"CheckWindow": [FROZEN, FROZEN, AS_USUAL]})
    assert execution.states == ["Open", "ReadRecord", *UNFREEZE, *UNFREEZE, *ENTERED[2:], *THROUGH]
    first, second = (call.payload["since"] for call in execution.calls if call.of("AwaitUnfreeze"))
    assert first == second


def test_a_freeze_after_the_approval_uses_nothing_up(runner: WorkflowRunner) -> None:
    """P12: the release waits for the unfreeze and enters with the approval that it has."""
    script: dict[str, Line | list[Line]] = {
        "AcquireLock": [answer(turn("frozen", "frozen")), AS_USUAL],
        "CheckWindow": [AS_USUAL, AS_USUAL, FROZEN, AS_USUAL],
    }
    execution = runner.run("stage", script, environment=WITH_APPROVAL)
    assert execution.states == [
        *(*APPROVAL, *ENTERED[2:], *LOCK, "YieldLock"),
        *(*UNFREEZE, *ENTERED[2:], *THROUGH),
    ]
    assert execution.payload_of("RequestApproval", times=1)
    assert ended(execution, "passed")


def test_a_request_that_expired_during_a_freeze_is_followed_by_another(runner: WorkflowRunner) -> None:
    """Nobody could approve it, so the release waits for the unfreeze and then requests another approval."""
    script: dict[str, Line | list[Line]] = {
        "AwaitApproval": [answer(decision("frozen")), AS_USUAL],
        "CheckWindow": [AS_USUAL, FROZEN, AS_USUAL],
    }
    execution = runner.run("stage", script, environment=WITH_APPROVAL)
    assert execution.states == [*APPROVAL, *UNFREEZE, *APPROVAL[2:], *ENTERED[2:], *THROUGH]
    assert [call.payload["round"] for call in execution.calls if call.of("RequestApproval")] == [0, 1]
    assert ended(execution, "passed")


def test_an_alarm_that_began_in_the_queue_is_not_blamed_on_the_release(runner: WorkflowRunner) -> None:
    """R1: the alarms are read again under the lock, and those are what watch and rollback accept."""
    noisy = answer(baseline("clear", "alarm noisy is in ALARM", "noisy"))
    execution = runner.run("stage", {"ReadBaseline": [AS_USUAL, noisy]})
    assert execution.payload_of("ReadBaseline", times=2)
    assert execution.payload_of("Watch", times=1)["accepted"] == {"names": ["noisy"], "at": BASELINE_AT, "existing": []}
    assert ended(execution, "passed")


def test_an_alarm_that_began_in_the_queue_blocks(runner: WorkflowRunner) -> None:
    """R1: nothing is changed, nothing is rolled back, and the enhanced watch of the release before goes on."""
    script = {"ReadBaseline": [AS_USUAL, answer(baseline("block", "alarm 5xx is in ALARM", "5xx"))]}
    execution = runner.run("stage", script)
    assert execution.states == [*TURN, *BASELINE, *END]
    assert ended(execution, "failed", "test is not well before the release: alarm 5xx is in ALARM")


def test_an_alarm_that_began_in_the_queue_is_asked_about_without_the_lock(runner: WorkflowRunner) -> None:
    """R1: the lock is given back before a person is asked; after the approval the release requests it again."""
    execution = runner.run("stage", {"ReadBaseline": [AS_USUAL, ASK, ASK, APPROVED]})
    assert execution.states == [*TURN, *BASELINE, "YieldLock", *APPROVAL[2:], *ENTERED[2:], *THROUGH]
    assert execution.payload_of("RequestApproval", times=1)["reason"] == "alarm 5xx is in ALARM"
    assert ended(execution, "passed")


def test_a_second_approval_is_about_the_alarm_only(runner: WorkflowRunner) -> None:
    """The release stays approved: if the alarm is OK again when the lock was given back, nobody is asked again."""
    script = {"ReadBaseline": [AS_USUAL, AS_USUAL, ASK, AS_USUAL]}
    execution = runner.run("stage", script, environment=WITH_APPROVAL)
    again = [*ENTERED[2:], *LOCK, *BASELINE, "YieldLock"]
    assert execution.states == [*APPROVAL, *again, *ENTERED[2:], *THROUGH]
    assert execution.payload_of("RequestApproval", times=1)


def test_an_emergency_is_known_when_alarms_are_read(runner: WorkflowRunner) -> None:
    """P8: both readings get it, so that `block` is `ask` for it."""
    execution = runner.run("stage", release=encode(replace(RELEASE, emergency=True)))
    assert [call.payload["emergency"] for call in execution.calls if call.of("ReadBaseline")] == [True, True]
