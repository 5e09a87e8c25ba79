"""The budgets that the definitions look at themselves (P10): a whole deployment's, and an environment's services'."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions.handler import encode
from tests.statemachines.paths.answers import INFRASTRUCTURE, SERVICE, decision, turn, watch
from tests.statemachines.paths.playing import AS_USUAL, Line, answer
from tests.statemachines.paths.test_stage import BACK, OPENED, SERVICE_PART, WITH_APPROVAL

if TYPE_CHECKING:
    from tests.statemachines.paths.house import House


@pytest.fixture(scope="module")
def hurried(house: House) -> House:
    """Every budget is used up by the first moment."""
    return house.hurried()


def test_a_deployment_over_its_budget_enters_no_environment(hurried: House) -> None:
    """It fails, and says which environment it did not enter."""
    played = hurried.play("deployment")
    assert played.states[-6:] == ["NextStage", "OverBudget", "Conclude", "AnnounceEnd", "HowItEnded", "FailedClean"]
    told = played.told("deployment/Conclude", times=1)
    assert told["outcome"] == "failed"
    assert told["reason"] == "test was not entered: the work took 0 min, 0 allowed"


def test_services_over_their_budget_go_back(hurried: House) -> None:
    """The environment is rolled back, and says why."""
    played = hurried.play("stage", parts=encode((SERVICE,)))
    assert played.states == [*OPENED, *SERVICE_PART, "NextPart", "ApplicationTooSlow", *BACK]
    assert "the services took 0 min to apply" in played.output["reason"]
    assert played.output["result"] == "restored"


@pytest.mark.parametrize("name", ["infrastructure", "hello/infrastructure"])
def test_infrastructure_is_no_service(hurried: House, name: str) -> None:
    """It has a budget of its own, which its build keeps."""
    played = hurried.play("stage", parts=encode((replace(INFRASTRUCTURE, name=name),)))
    assert "ApplicationTooSlow" not in played.states
    assert played.output["result"] == "passed"


WAITS: list[tuple[str, Line | list[Line]]] = [
    ("an approval", answer(decision("approved"))),
    ("a rejection", answer(decision("rejected"))),
]


@pytest.mark.parametrize(("name", "line"), WAITS, ids=[name for name, _ in WAITS])
def test_what_is_waited_for_is_no_work(house: House, name: str, line: Line) -> None:
    """The stage tells how long it waited until it had the lock, or that it did nothing else."""
    played = house.play("stage", {"AwaitApproval": line}, environment=WITH_APPROVAL)
    told = played.told("stage/Conclude", times=1)
    waited = told["waitedSeconds"]
    until = "EndEnhancedWatch" if name == "an approval" else "stage/Conclude"
    begun = next(call.at for call in played.calls if call.of("CheckWindow"))
    ended = next(call.at for call in played.calls if call.of(until))
    assert waited > 0
    assert abs(waited - (ended - begun)) < 2
    assert 0 < told["approvalSeconds"] <= waited


def test_the_queue_is_told_apart_from_people(house: House) -> None:
    """From the request for the lock until it is taken; a release that nobody had to approve waited for no person."""
    played = house.play("stage", {"AcquireLock": answer(turn("waiting"))})
    asked = next(call.at for call in played.calls if call.of("AcquireLock"))
    locked = next(call.at for call in played.calls if call.of("EndEnhancedWatch"))
    told = played.told("stage/Conclude", times=1)
    assert told["queueSeconds"] > 0
    assert abs(told["queueSeconds"] - (locked - asked)) < 2
    assert told["approvalSeconds"] == 0


def test_who_never_had_the_lock_has_no_queue_time(house: House) -> None:
    """A place in line that was lost is no wait that ended."""
    played = house.play("stage", {"AcquireLock": answer(turn("superseded"))})
    assert played.told("stage/Conclude", times=1)["queueSeconds"] is None


def test_a_review_is_waited_for_too(house: House) -> None:
    """From the warning to the decision; then the watch goes on."""
    script: dict[str, Line | list[Line]] = {"Watch": [answer(watch("review", "cpu rings", "cpu")), AS_USUAL]}
    played = house.play("stage", script)
    asked = next(call.at for call in played.calls if call.of("RequestApproval"))
    locked = next(call.at for call in played.calls if call.of("EndEnhancedWatch"))
    begun = next(call.at for call in played.calls if call.of("CheckWindow"))
    again = [call.at for call in played.calls if call.of("Watch")][1]
    told = played.told("stage/Conclude", times=1)
    assert abs(told["waitedSeconds"] - (locked - begun) - (again - asked)) < 2
    assert abs(told["approvalSeconds"] - (again - asked)) < 2


def test_a_deployment_takes_waiting_off(house: House) -> None:
    """A stage that waited longer than a budget does not use it up for the next one."""
    played = house.play("deployment", {"stage/Conclude": {**answer({"waitedSeconds": 86_400.0}), "echo": True}})
    assert played.states[-1] == "Ended"
