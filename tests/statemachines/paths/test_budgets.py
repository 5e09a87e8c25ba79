"""The budgets that the definitions check themselves (P10): of a deployment, and of an environment's services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from functions.handler import encode
from tests.statemachines.paths.answers import INFRASTRUCTURE, SERVICE, decision, turn, watch
from tests.statemachines.paths.executions import AS_USUAL, Line, answer
from tests.statemachines.paths.test_stage import BACK, OPENED, SERVICE_PART, WITH_APPROVAL

if TYPE_CHECKING:
    from tests.statemachines.paths.runner import WorkflowRunner


@pytest.fixture(scope="module")
def over_budget(runner: WorkflowRunner) -> WorkflowRunner:
    """A runner whose budgets are all 0 seconds."""
    return runner.over_budget()


def test_a_deployment_over_its_budget_enters_no_environment(over_budget: WorkflowRunner) -> None:
    """It fails, and its reason names the environment that it did not enter."""
    execution = over_budget.run("deployment")
    assert execution.states[-6:] == ["NextStage", "OverBudget", "Conclude", "AnnounceEnd", "HowItEnded", "FailedClean"]
    payload = execution.payload_of("deployment/Conclude", times=1)
    assert payload["outcome"] == "failed"
    assert payload["reason"] == "test was not entered: the work took 0 min, 0 allowed"


def test_services_over_their_budget_go_back(over_budget: WorkflowRunner) -> None:
    """The environment is rolled back with the budget as reason."""
    execution = over_budget.run("stage", parts=encode((SERVICE,)))
    assert execution.states == [*OPENED, *SERVICE_PART, "NextPart", "ApplicationTooSlow", *BACK]
    assert "the services took 0 min to apply" in execution.output["reason"]
    assert execution.output["result"] == "restored"


@pytest.mark.parametrize("name", ["infrastructure", "hello/infrastructure"])
def test_infrastructure_is_no_service(over_budget: WorkflowRunner, name: str) -> None:
    """Infrastructure does not count for the services' budget; its build has a timeout instead."""
    execution = over_budget.run("stage", parts=encode((replace(INFRASTRUCTURE, name=name),)))
    assert "ApplicationTooSlow" not in execution.states
    assert execution.output["result"] == "passed"


WAITS: list[tuple[str, Line | list[Line]]] = [
    ("an approval", answer(decision("approved"))),
    ("a rejection", answer(decision("rejected"))),
]


@pytest.mark.parametrize(("name", "line"), WAITS, ids=[name for name, _ in WAITS])
def test_waits_are_no_work(runner: WorkflowRunner, name: str, line: Line) -> None:
    """The stage reports the seconds until it had the lock, or until its end when nothing else happened."""
    execution = runner.run("stage", {"AwaitApproval": line}, environment=WITH_APPROVAL)
    payload = execution.payload_of("stage/Conclude", times=1)
    waited = payload["waitedSeconds"]
    until = "ReadBaseline" if name == "an approval" else "stage/Conclude"
    begun = next(call.at for call in execution.calls if call.of("CheckWindow"))
    ended = [call.at for call in execution.calls if call.of(until)][-1]
    assert waited > 0
    assert abs(waited - (ended - begun)) < 2
    assert 0 < payload["approvalSeconds"] <= waited


def test_queue_time_and_approval_time_are_separate(runner: WorkflowRunner) -> None:
    """Queue time lasts from the request for the lock until it is taken; without approval, approval time is 0."""
    execution = runner.run("stage", {"AcquireLock": answer(turn("waiting"))})
    requested = next(call.at for call in execution.calls if call.of("AcquireLock"))
    locked = [call.at for call in execution.calls if call.of("ReadBaseline")][-1]
    payload = execution.payload_of("stage/Conclude", times=1)
    assert payload["queueSeconds"] > 0
    assert abs(payload["queueSeconds"] - (locked - requested)) < 2
    assert payload["approvalSeconds"] == 0


def test_a_stage_that_never_had_the_lock_has_no_queue_time(runner: WorkflowRunner) -> None:
    """A superseded wait for the lock does not count."""
    execution = runner.run("stage", {"AcquireLock": answer(turn("superseded"))})
    assert execution.payload_of("stage/Conclude", times=1)["queueSeconds"] is None


def test_a_review_counts_as_a_wait(runner: WorkflowRunner) -> None:
    """It lasts from the warning to the decision; then the watch goes on."""
    script: dict[str, Line | list[Line]] = {"Watch": [answer(watch("review", "cpu is in ALARM", "cpu")), AS_USUAL]}
    execution = runner.run("stage", script)
    requested = next(call.at for call in execution.calls if call.of("RequestApproval"))
    locked = [call.at for call in execution.calls if call.of("ReadBaseline")][-1]
    begun = next(call.at for call in execution.calls if call.of("CheckWindow"))
    again = [call.at for call in execution.calls if call.of("Watch")][1]
    payload = execution.payload_of("stage/Conclude", times=1)
    assert abs(payload["waitedSeconds"] - (locked - begun) - (again - requested)) < 2
    assert abs(payload["approvalSeconds"] - (again - requested)) < 2


def test_waits_do_not_count_for_a_deployments_budget(runner: WorkflowRunner) -> None:
    """A stage that waited longer than the budget leaves the budget to the next stage."""
    execution = runner.run("deployment", {"stage/Conclude": {**answer({"waitedSeconds": 86_400.0}), "echo": True}})
    assert execution.states[-1] == "Ended"
