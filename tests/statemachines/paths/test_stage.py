"""The ways through `stage.asl.json`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions.handler import encode
from tests.statemachines.paths.answers import (
    ENVIRONMENTS,
    INFRASTRUCTURE,
    SERVICE,
    build_end,
    decision,
    environment,
    restored,
    steps,
    turn,
    watch,
)
from tests.statemachines.paths.house import BACKSTOP_SECONDS
from tests.statemachines.paths.playing import AS_USUAL, SILENCE, Played, answer, raises

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.statemachines.paths.house import House

WINDOW = ["CheckWindow", "WindowOpen"]
ENTERED = ["Open", *WINDOW, "ReadBaseline", "ApprovalNeeded"]
APPROVAL = [*ENTERED, "RequestApproval", "AwaitApproval", "ReadDecision"]
LOCK = ["AcquireLock", "LockTaken"]
TURN = [*ENTERED, *LOCK]
OPENED = [*TURN, "EndEnhancedWatch"]
LEDGER = ["NextPart", "WriteLedger", "WayOfPart"]
SERVICE_PART = [*LEDGER, "ApplyService", "RecordPart"]
COMMAND_PART = [*LEDGER, "StartBuild", "AwaitBuild", "CommandSucceeded", "RecordPart"]
APPLIED = [*OPENED, *SERVICE_PART, "NextPart"]
VERIFIED = [*APPLIED, "Verify", "TestsWanted"]
WATCHED = [*VERIFIED, "Watch", "WhatWasSeen"]
END = ["ReleaseLock", "Conclude", "Announce", "Ended"]
GOOD = ["RecordGood", "WatchOn", *END]
# From the lock to the end.
THROUGH = [*WATCHED[len(ENTERED) :], *GOOD]
BACK = ["RollBack", *END]
WITH_APPROVAL = encode(environment("production", approval=True))
COMMAND_BACK = answer(steps("infrastructure"))


def ended(played: Played, result: str, *words: str) -> bool:
    """The stage succeeded as an execution, and its output carries this result and a reason with these words."""
    assert played.status == "SUCCEEDED", (played.error, played.states)
    assert played.output["result"] == result, played.output
    assert played.told("stage/Conclude", times=1)["result"] == result
    assert all(word in played.output["reason"] for word in words), played.output["reason"]
    return True


def test_a_release_walks_straight_through(house: House) -> None:
    """Without approval a stage takes the lock, changes, verifies, watches, and says that it passed."""
    played = house.play("stage")
    assert played.states == [*WATCHED, *GOOD]
    assert ended(played, "passed", "no alarm rang")
    assert [kind for kind, _ in house.announced(played, 1)] == ["StageFinished"]
    assert house.announced(played, 1)[0][1] == played.output


def test_what_the_handlers_are_told(house: House) -> None:
    """The lease reaches everything that changes the environment, and a part arrives as the plan wrote it."""
    played = house.play("stage")
    roles = ("WriteLedger", "ApplyService", "RecordPart", "RecordGood")
    assert {played.told(state)["lease"]["fence"] for state in roles} == {7}
    assert played.told("ApplyService")["part"] == encode(SERVICE)
    assert played.told("RecordPart")["version"] == "42"
    assert played.told("Watch")["reviewed"] == []


def test_an_approved_release_goes_on(house: House) -> None:
    """An approval comes before the lock is asked for."""
    played = house.play("stage", environment=WITH_APPROVAL)
    assert played.states == [*APPROVAL, *WINDOW, *THROUGH]
    assert played.told("RequestApproval", times=1)["purpose"] == "deploy"
    assert ended(played, "passed")


@pytest.mark.parametrize("outcome", ["rejected", "expired", "superseded", "void"])
def test_without_an_approval_nothing_is_touched(house: House, outcome: str) -> None:
    """Whatever is not an approval ends the stage under its own name, without lock and without rollback."""
    script = {"AwaitApproval": answer(decision(outcome, "because"))}
    played = house.play("stage", script, environment=WITH_APPROVAL)
    assert played.states == [*APPROVAL, "NotApproved", *END]
    assert ended(played, outcome, "because")


def test_who_cannot_be_asked_has_not_agreed(house: House) -> None:
    """A request that can't be sent ends the stage as failed, and says which handler failed."""
    script = {"RequestApproval": raises("NotificationError", "the topic is gone")}
    played = house.play("stage", script, environment=WITH_APPROVAL)
    assert played.states == [*ENTERED, "RequestApproval", "ReadDecision", "NotApproved", *END]
    assert ended(played, "failed", "RequestApproval: NotificationError", "the topic is gone")


def test_an_approval_by_event_needs_no_second_ask(house: House) -> None:
    """A decision made while the stage waits completes the wait at once."""
    playing = house.start("stage", {"AwaitApproval": SILENCE}, environment=WITH_APPROVAL)
    playing.complete("stage/AwaitApproval", decision("approved"))
    played = playing.end()
    assert played.told("AwaitApproval", times=1)
    assert ended(played, "passed")


def test_a_waiting_stage_gets_the_lock_in_its_turn(house: House) -> None:
    """A held lock is waited for; once handed on, the stage goes on with the lease it was handed."""
    played = house.play("stage", {"AcquireLock": answer(turn("waiting", "held by d-1"))})
    assert played.states == [*TURN, "AwaitLock", "LockTaken", *THROUGH[len(LOCK) :]]
    assert played.told("ApplyService")["lease"]["fence"] == 7
    assert ended(played, "passed")


def test_a_newer_release_sends_a_waiting_one_away(house: House) -> None:
    """A stage that is superseded in the queue ends as superseded and changes nothing."""
    lost = answer(turn("superseded", "a newer release waits"))
    played = house.play("stage", {"AcquireLock": answer(turn("waiting")), "AwaitLock": lost})
    assert played.states == [*TURN, "AwaitLock", "LockTaken", *END]
    assert ended(played, "superseded", "a newer release waits")


def test_nothing_deploys_to_a_frozen_environment(house: House) -> None:
    """A frozen environment ends the stage as failed, with the reason of the freeze."""
    played = house.play("stage", {"AcquireLock": answer(turn("frozen", "frozen by rollback"))})
    assert played.states == [*TURN, "EnvironmentFrozen", *END]
    assert ended(played, "failed", "frozen by rollback")


def test_infrastructure_comes_before_the_service(house: House) -> None:
    """Parts are applied one after the other in the order of the plan, each with its ledger entry first."""
    played = house.play("stage", parts=encode((INFRASTRUCTURE, SERVICE)))
    assert played.states == [*OPENED, *COMMAND_PART, *SERVICE_PART, "NextPart", *WATCHED[-4:], *GOOD]
    ledger = [call.payload for call in played.calls if call.role.startswith("stage/WriteLedger")]
    assert [(entry["order"], entry["part"]["name"]) for entry in ledger] == [(0, "infrastructure"), (1, "hello")]
    assert played.told("StartBuild")["project"] == "deploy-test"


def test_parts_of_an_earlier_version_are_changed_in_their_way(house: House) -> None:
    """A deployment that began under it hands on parts without a way: the one with a buildspec is built, as before."""
    parts = [{key: value for key, value in encode(part).items() if key != "way"} for part in (INFRASTRUCTURE, SERVICE)]
    played = house.play("stage", parts=parts)
    assert played.states == [*OPENED, *COMMAND_PART, *SERVICE_PART, "NextPart", *WATCHED[-4:], *GOOD]


def test_a_failed_command_goes_back(house: House) -> None:
    """A command that fails is rolled back, and its own words reach the reason."""
    script = {"AwaitBuild": answer(build_end("failed", "exit 3"))}
    played = house.play("stage", script, parts=encode((INFRASTRUCTURE,)))
    assert played.states == [*OPENED, *COMMAND_PART[:-1], "CommandFailed", *BACK]
    assert ended(played, "restored", "infrastructure failed: exit 3")


FAULTS: dict[str, tuple[Mapping[str, Any], list[str]]] = {
    "WriteLedger": (raises("StaleLeaseError"), [*OPENED, "NextPart", "WriteLedger"]),
    "ApplyService": (raises("DeployTargetError"), [*OPENED, *LEDGER, "ApplyService"]),
    "RecordPart": (raises("StaleLeaseError"), [*OPENED, *SERVICE_PART]),
    "Verify": (raises("NotHealthyYetError"), [*APPLIED, "Verify"]),
    "RecordGood": (raises("StaleLeaseError"), [*WATCHED, "RecordGood"]),
}


@pytest.mark.parametrize("state", FAULTS)
def test_a_fault_after_the_lock_goes_back(house: House, state: str) -> None:
    """Any handler that fails under the lock leads to the rollback, under the same lease, and is named in the reason."""
    line, way = FAULTS[state]
    played = house.play("stage", {state: dict(line)})
    assert played.states == [*way, *BACK]
    assert ended(played, "restored", f"{state}: {line['error']}", "hello runs 41")
    assert played.told("RestoreService")["lease"]["fence"] == 7
    child = played.children["test-rollback"]
    assert "AcquireLock" not in child.states


def test_a_slow_service_gets_a_few_looks(house: House) -> None:
    """A service that is not healthy twice and healthy then has passed."""
    sick = raises("NotHealthyYetError", "hello: 503")
    played = house.play("stage", {"Verify": [sick, sick, AS_USUAL]})
    assert played.states == [*WATCHED, *GOOD]
    assert played.told("Verify", times=3)
    assert ended(played, "passed")


def test_an_alarm_that_rings_already_goes_back(house: House) -> None:
    """A breach seen at the first ask of the watch rolls back, and carries the alarm's own time."""
    played = house.play("stage", {"Watch": answer(watch("breached", "alarm 5xx rings", "5xx"))})
    assert played.states == [*WATCHED, *BACK]
    assert ended(played, "restored", "alarm 5xx rings")
    assert played.told("RecordRollback")["breachedAt"] == "2025-01-01T00:00:00Z"


def test_an_alarm_goes_back_within_the_moment(house: House) -> None:
    """An alarm's event ends the watch at once, long before the next ask."""
    playing = house.start("stage", {"Watch": SILENCE})
    playing.called("stage/Watch")
    rung = time.time()
    playing.complete("stage/Watch", watch("breached", "alarm 5xx rings", "5xx"))
    planned = playing.called("rollback/PlanRollback")
    assert planned.at - rung < BACKSTOP_SECONDS
    played = playing.end()
    assert played.states == [*WATCHED, *BACK]
    assert played.told("Watch", times=1)


def test_a_watch_is_asked_again_at_its_backstop(house: House) -> None:
    """A watch that hears of nothing is asked anew, and takes the truth it reads then."""
    played = house.play("stage", {"Watch": [SILENCE, AS_USUAL]})
    assert played.states == [*WATCHED, *GOOD]
    assert played.told("Watch", times=2)


REVIEW = [*WATCHED, "RequestApproval", "AwaitApproval", "ReadDecision"]


def test_a_reviewed_warning_goes_on(house: House) -> None:
    """A warning that a person has looked at is not asked about again, and the release passes."""
    script = {"Watch": [answer(watch("review", "alarm slow rings", "slow")), AS_USUAL]}
    played = house.play("stage", script)
    assert played.states == [*REVIEW, "Watch", "WhatWasSeen", *GOOD]
    assert played.told("RequestApproval", times=1)["purpose"] == "review"
    assert played.told("Watch")["reviewed"] == ["slow"]
    assert ended(played, "passed")


def test_every_reviewed_warning_is_remembered(house: House) -> None:
    """A second warning is asked about too; the watch then knows both."""
    first, second = answer(watch("review", "slow", "slow")), answer(watch("review", "both", "queue", "disk"))
    played = house.play("stage", {"Watch": [first, second, AS_USUAL]})
    assert played.told("Watch", times=3)["reviewed"] == ["slow", "queue", "disk"]
    assert ended(played, "passed")


@pytest.mark.parametrize("outcome", ["rejected", "expired", "superseded", "void"])
def test_a_warning_without_agreement_goes_back(house: House, outcome: str) -> None:
    """A review that does not end in approval rolls back; the reason names warning and decision."""
    script = {
        "Watch": answer(watch("review", "alarm slow rings", "slow")),
        "AwaitApproval": answer(decision(outcome, "too slow")),
    }
    played = house.play("stage", script)
    assert played.states == [*REVIEW, *BACK]
    assert ended(played, "restored", "alarm slow rings", "too slow")


@pytest.mark.parametrize("result", ["partly", "unknown"])
def test_the_rollbacks_own_word_is_the_stages(house: House, result: str) -> None:
    """A stage says of its end what its rollback found, whatever that is."""
    script = {"ApplyService": raises("DeployTargetError"), "VerifyRestored": answer(restored(result, "as found"))}
    played = house.play("stage", script)
    assert ended(played, result, "DeployTargetError", "as found")


def test_a_rollback_that_breaks_is_unknown(house: House) -> None:
    """A rollback that dies without a word makes the stage's end unknown; the lock is given back all the same."""
    broken = encode(replace(ENVIRONMENTS[0], stabilise_seconds=-1))
    played = house.play("stage", {"ApplyService": raises("DeployTargetError")}, environment=broken)
    assert played.states == [*OPENED, *LEDGER, "ApplyService", *BACK]
    assert played.children["test-rollback"].status == "FAILED"
    assert ended(played, "unknown", "the rollback broke")


def test_a_rollback_that_is_stopped_is_unknown(house: House) -> None:
    """A rollback that a person stops makes the stage's end unknown."""
    playing = house.start(
        "stage",
        {"AwaitBuild": answer(build_end("failed")), "rollback/AwaitBuild": SILENCE, "PlanRollback": COMMAND_BACK},
        parts=encode((INFRASTRUCTURE,)),
    )
    playing.stop("rollback/AwaitBuild")
    played = playing.end()
    assert played.states[-5:] == BACK
    assert ended(played, "unknown", "the rollback broke")


def test_a_lock_that_cannot_be_released_keeps_nobody(house: House) -> None:
    """A failing ReleaseLock changes neither the result nor the end."""
    played = house.play("stage", {"ReleaseLock": raises("BadInputError")})
    assert played.states == [*WATCHED, *GOOD]
    assert ended(played, "passed")


def test_a_result_that_cannot_be_written_is_still_told(house: House) -> None:
    """A failing Conclude leaves the result in the execution's output and on the bus."""
    played = house.play("stage", {"Conclude": raises("BadInputError")})
    assert played.states == [*WATCHED, *GOOD]
    assert played.output["result"] == "passed"
    assert house.announced(played, 1)[0][1] == played.output
