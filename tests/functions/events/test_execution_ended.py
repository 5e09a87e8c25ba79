"""The end of an execution: what it could not give back or say itself."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.waits_table import Wait, WaitsTable
from functions.domain.approvals import Approval
from functions.domain.rollback import Compensation
from functions.entry import encode
from tests.functions import builds
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, NOW, RELEASE, SERVICE, version
from tests.functions.stack import MACHINES, Stack, failing
from tests.functions.stage.test_acquire_lock import ask
from tests.functions.stage.test_await_lock import wait as wait_for_lock

GIVEN: dict[str, Any] = {"deploymentId": DEPLOYMENT, "release": encode(RELEASE), "environment": encode(ENVIRONMENT)}


def ended(stack: Stack, execution: str, status: str = "ABORTED", error: str | None = None) -> list[str]:
    """Run the room with the event of an execution's end."""
    machine, name = execution.split(":")[-2:]
    detail = {
        "executionArn": execution,
        "stateMachineArn": MACHINES[machine.removeprefix("kiro-")],
        "name": name,
        "status": status,
        **({"error": error} if error else {}),
    }
    done: list[str] = stack.run("events.execution_ended", {"detail": detail})["done"]
    return done


def begun(stack: Stack) -> DeploymentsTable:
    """A deployment that has begun."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    return deployments


def stage(stack: Stack, parent: str = "", **changes: Any) -> str:
    """A stage that was stopped."""
    started_by = {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": parent} if parent else {}
    execution = stack.execution("stage", f"{DEPLOYMENT}-production", {**GIVEN, **started_by, **changes})
    stack.kill(execution)
    return execution


def rollbacks(stack: Stack) -> list[str]:
    """The rollbacks that run."""
    listed = stack.client("stepfunctions").list_executions(stateMachineArn=MACHINES["rollback"])["executions"]
    return [one["name"] for one in listed]


@pytest.mark.parametrize(
    ("status", "outcome"), [("ABORTED", "aborted"), ("TIMED_OUT", "timed out"), ("FAILED", "failed")]
)
def test_a_deployment_that_could_not_conclude_is_told_once(stack: Stack, status: str, outcome: str) -> None:
    """N3: the outcome is written and announced; the same event again tells nothing."""
    begun(stack)
    execution = stack.execution("deployment", DEPLOYMENT)
    assert ended(stack, execution, status, "States.Runtime") == [f"told {outcome}"]
    ((name, detail),) = stack.told()
    assert (name, detail["outcome"], detail["deploymentId"]) == ("DeploymentFinished", outcome, DEPLOYMENT)
    assert detail["release"]["commit"] == RELEASE.commit
    assert ended(stack, execution, status, "States.Runtime") == []
    assert len(stack.told()) == 1


@pytest.mark.parametrize("error", ["FailedClean", "FailedDirty"])
def test_a_deployment_that_spoke_is_not_told_again(stack: Stack, error: str) -> None:
    """Each outcome once."""
    begun(stack).conclude(DEPLOYMENT, "failed", "tests")
    assert ended(stack, stack.execution("deployment", DEPLOYMENT), "FAILED", error) == []
    assert stack.told() == []


@pytest.mark.parametrize(("status", "error"), [("FAILED", "EndedUntold"), ("ABORTED", None)])
def test_an_outcome_that_was_written_but_not_announced_is_told(stack: Stack, status: str, error: str | None) -> None:
    """Every event at least once: also when the execution was stopped between the two."""
    begun(stack).conclude(DEPLOYMENT, "deployed", "all well")
    assert ended(stack, stack.execution("deployment", DEPLOYMENT), status, error) == ["told deployed"]
    assert stack.told()[0][1]["outcome"] == "deployed"


def test_an_announcement_that_failed_is_made_by_the_retry(stack: Stack) -> None:
    """The outcome was written, the bus refused it: the next run of the same event announces it."""
    begun(stack)
    execution = stack.execution("deployment", DEPLOYMENT)
    refusal = ClientError({"Error": {"Code": "InternalException", "Message": "x"}}, "PutEvents")
    with failing(stack.client("events"), "PutEvents", refusal), pytest.raises(ClientError):
        ended(stack, execution)
    assert ended(stack, execution) == ["told aborted"]


def test_builds_are_stopped_and_waits_forgotten(stack: Stack) -> None:
    """P9: no running build, no pending wait; a build that nobody knows is no fault."""
    begun(stack)
    execution = stack.execution("deployment", DEPLOYMENT)
    waits, build_id = WaitsTable.connect(stack.clients), builds.start(stack)
    for key in (f"build/{build_id}", "build/kiro:gone"):
        waits.store(Wait(key, "token", execution), datetime.now(UTC))
    done = ended(stack, execution)
    assert f"ended build/{build_id}" in done
    stopped = [call.given["id"] for call in stack.calls if call.action == "codebuild:StopBuild"]
    assert sorted(stopped) == sorted([build_id, "kiro:gone"])
    assert waits.of_execution(execution) == ()


def test_an_approval_that_nobody_waits_for_is_void(stack: Stack) -> None:
    """P9: the page says that the deployment has ended; a decided one stays decided."""
    execution = stage(stack)
    waits = WaitsTable.connect(stack.clients)
    for name, state in (("open", "open"), ("done", "approved")):
        approval = Approval(name, "deploy", DEPLOYMENT, "production", {}, ["h"], NOW, NOW, NOW, state)  # type: ignore[arg-type]
        waits.save_approval(approval, datetime.now(UTC))
        waits.store(Wait(f"approval/{name}", "token", execution), datetime.now(UTC))
    ended(stack, execution)
    found = [waits.approval(name) for name in ("open", "done")]
    assert [one.state for one in found if one] == ["void", "approved"]


def test_the_lock_of_a_stage_goes_to_the_next(stack: Stack) -> None:
    """P9: no lock outlives its execution; the waiter is woken."""
    execution = stack.execution("stage", "stopped", GIVEN)
    ask(stack, execution)
    waiter = stack.execution("stage", "next")
    wait_for_lock(stack, waiter, "token-next")
    stack.kill(execution)
    assert "released environment/production" in ended(stack, execution)
    assert list(stack.completed()) == ["token-next"]


def test_a_stage_without_a_living_parent_goes_back(stack: Stack) -> None:
    """P9: what it had changed is rolled back in an execution of its own, once."""
    begun(stack).write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    parent = stack.execution("deployment", DEPLOYMENT)
    stack.kill(parent)
    for execution in [stage(stack, parent)] * 2:
        assert "rolling back production" in ended(stack, execution)
    assert rollbacks(stack) == [f"{DEPLOYMENT}-production-rollback-alone"]


def test_a_stage_that_a_person_started_goes_back(stack: Stack) -> None:
    """It never had a parent."""
    begun(stack).write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    assert "rolling back production" in ended(stack, stage(stack))


def test_a_living_parent_rolls_back_itself(stack: Stack) -> None:
    """The deployment catches the end of its stage."""
    begun(stack).write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    ended(stack, stage(stack, stack.execution("deployment", DEPLOYMENT)))
    assert rollbacks(stack) == []


def test_a_stage_that_changed_nothing_or_had_ended_stays(stack: Stack) -> None:
    """An empty ledger, or one of another environment, or a stage whose end is recorded."""
    deployments = begun(stack)
    deployments.write_ledger(DEPLOYMENT, Compensation("test", 0, SERVICE, version(), SERVICE, NOW))
    execution = stage(stack)
    ended(stack, execution)
    deployments.write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    deployments.note_stage(DEPLOYMENT, "production", {"result": "restored"})
    ended(stack, execution)
    assert rollbacks(stack) == []


def test_a_rollback_that_was_stopped_gives_its_lock_back(stack: Stack) -> None:
    """It starts no further rollback."""
    execution = stack.execution("rollback", "stopped", GIVEN)
    ask(stack, execution, rollback=True)
    stack.kill(execution)
    assert ended(stack, execution) == ["released environment/production"]
    assert rollbacks(stack) == ["stopped"]
