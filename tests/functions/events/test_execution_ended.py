"""The end of an execution that could not release or announce what it had to."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from functions.domain.records import StageRecord
from functions.domain.rollback import Compensation
from functions.domain.waits import Wait, WatchKey, read_wait_key
from functions.handler import encode
from tests.functions import builds
from tests.functions.causes import keep_causes
from tests.functions.rollback.test_record_rollback import record
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, NOW, RELEASE, SERVICE, version
from tests.functions.shared.test_acquire_lock import request_lock
from tests.functions.shared.test_await_lock import wait as wait_for_lock
from tests.functions.stack import MACHINES, Stack, failing

GIVEN: dict[str, Any] = {"deploymentId": DEPLOYMENT, "release": encode(RELEASE), "environment": encode(ENVIRONMENT)}
BACK = {**GIVEN, "reason": "alarm errors rings", "breachedAt": NOW}
CHANGED = Compensation("production", 0, SERVICE, version(), SERVICE, NOW)


def ended(stack: Stack, execution: str, status: str = "ABORTED", error: str | None = None) -> list[str]:
    """Run the handler with the event of an execution's end."""
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
    """Write the record of a deployment."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    return deployments


def stage(stack: Stack, parent: str = "", **changes: Any) -> str:
    """Start and stop a stage."""
    started_by = {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": parent} if parent else {}
    execution = stack.execution("stage", f"{DEPLOYMENT}-production", {**GIVEN, **started_by, **changes})
    stack.kill(execution)
    return execution


def rollbacks(stack: Stack) -> list[str]:
    """The names of running rollbacks."""
    return stack.executions("rollback")


@pytest.mark.parametrize(
    ("status", "outcome"), [("ABORTED", "aborted"), ("TIMED_OUT", "timed out"), ("FAILED", "failed")]
)
def test_a_deployment_that_could_not_conclude_is_announced_once(stack: Stack, status: str, outcome: str) -> None:
    """N3: the outcome is written and announced; the same event again announces nothing."""
    begun(stack)
    execution = stack.execution("deployment", DEPLOYMENT)
    assert ended(stack, execution, status, "States.Runtime") == [f"announced {outcome}"]
    ((name, detail),) = stack.told()
    assert (name, detail["outcome"], detail["deploymentId"]) == ("DeploymentFinished", outcome, DEPLOYMENT)
    assert detail["release"]["commit"] == RELEASE.commit
    assert ended(stack, execution, status, "States.Runtime") == []
    assert len(stack.told()) == 1


def test_the_cause_of_a_stop_is_kept(stack: Stack) -> None:
    """P9: whoever stops an execution says why, and record, history and messages show it, without secrets."""
    begun(stack)
    keep_causes(stack.client("stepfunctions"))
    execution = stack.execution("deployment", DEPLOYMENT)
    Executions.connect(stack.clients).stop(execution, "cancelled by ada: wrong commit, see ghp_" + "a" * 36)
    ended(stack, execution)
    ((_, detail),) = stack.told()
    words = "the execution ended as ABORTED before it recorded an outcome: cancelled by ada: wrong commit, see "
    assert detail["reason"].startswith(words)
    assert "ghp_a" not in detail["reason"]
    assert stack.deployment()["reason"] == detail["reason"]


@pytest.mark.parametrize("error", ["FailedClean", "FailedDirty"])
def test_a_deployment_that_announced_its_outcome_is_not_announced_again(stack: Stack, error: str) -> None:
    """Each outcome is announced once."""
    begun(stack).conclude(DEPLOYMENT, "failed", "tests")
    assert ended(stack, stack.execution("deployment", DEPLOYMENT), "FAILED", error) == []
    assert stack.told() == []


@pytest.mark.parametrize(("status", "error"), [("FAILED", "EndedUntold"), ("ABORTED", None)])
def test_an_outcome_that_was_written_is_announced(stack: Stack, status: str, error: str | None) -> None:
    """The execution was stopped between the two steps."""
    begun(stack).conclude(DEPLOYMENT, "deployed", "all well")
    assert ended(stack, stack.execution("deployment", DEPLOYMENT), status, error) == ["announced deployed"]
    assert stack.told()[0][1]["outcome"] == "deployed"


def test_an_announcement_that_failed_is_made_by_the_retry(stack: Stack) -> None:
    """The bus refused it after the outcome was written; the retry of the event announces it."""
    begun(stack)
    execution = stack.execution("deployment", DEPLOYMENT)
    refusal = ClientError({"Error": {"Code": "InternalException", "Message": "x"}}, "PutEvents")
    with failing(stack.client("events"), "PutEvents", refusal), pytest.raises(ClientError):
        ended(stack, execution)
    assert ended(stack, execution) == ["announced aborted"]


def test_builds_are_stopped_and_waits_removed(stack: Stack) -> None:
    """P9: a build that CodeBuild does not know is no error."""
    begun(stack)
    execution = stack.execution("deployment", DEPLOYMENT)
    waits, build_id = WaitsTable.connect(stack.clients), builds.start(stack)
    for key in (f"build/{build_id}", "build/kiro:gone"):
        waits.store(Wait(read_wait_key(key), "token", execution), datetime.now(UTC))
    done = ended(stack, execution)
    assert f"ended build/{build_id}" in done
    stopped = [call.given["id"] for call in stack.calls if call.action == "codebuild:StopBuild"]
    assert sorted(stopped) == sorted([build_id, "kiro:gone"])
    assert waits.of_execution(execution) == ()


def test_an_approval_that_nobody_waits_for_is_void(stack: Stack) -> None:
    """P9: the page says that the deployment has ended; a decided request keeps its decision."""
    execution = stage(stack)
    waits = WaitsTable.connect(stack.clients)
    for name, state in (("open", "open"), ("done", "approved")):
        approval = Approval(name, "deploy", DEPLOYMENT, "production", {}, ["h"], NOW, NOW, NOW)
        approval = replace(approval, state=state)
        waits.save_approval(approval, datetime.now(UTC))
        waits.store(Wait(read_wait_key(f"approval/{name}"), "token", execution), datetime.now(UTC))
    ended(stack, execution)
    found = [waits.approval(name) for name in ("open", "done")]
    assert [one.state for one in found if one] == ["void", "approved"]


def test_the_lock_of_a_stage_goes_to_the_next(stack: Stack) -> None:
    """P9: no lock outlives its execution; the next waiter's wait ends."""
    execution = stack.execution("stage", "stopped", GIVEN)
    request_lock(stack, execution)
    waiter = stack.execution("stage", "next")
    wait_for_lock(stack, waiter, "token-next")
    stack.kill(execution)
    assert "released environment/production" in ended(stack, execution)
    assert list(stack.completed()) == ["token-next"]


def test_in_parallel_mode_the_lock_of_the_repository_is_released(stack: Stack) -> None:
    """The stage's input names the release, and so the lock."""
    stack.settings["LOCK_MODE"] = "parallel"
    execution = stack.execution("stage", "stopped", GIVEN)
    request_lock(stack, execution)
    stack.kill(execution)
    assert ended(stack, execution) == ["released environment/production/acme/hello-service"]
    assert LocksTable.connect(stack.clients).read("environment/production/acme/hello-service").owner is None


def test_the_lock_stays_until_the_rollback_takes_it(stack: Stack) -> None:
    """No waiter enters between the failure and the rollback, which has precedence."""
    begun(stack).write_ledger(DEPLOYMENT, CHANGED)
    execution = stack.execution("stage", f"{DEPLOYMENT}-production", GIVEN)
    request_lock(stack, execution)
    wait_for_lock(stack, stack.execution("stage", "next"), "token-next")
    stack.kill(execution)
    assert ended(stack, execution) == ["rolling back production"]
    owner = LocksTable.connect(stack.clients).read("environment/production").owner
    assert owner
    assert (owner.execution, stack.completed()) == (execution, {})
    back = f"{execution.replace('kiro-stage', 'kiro-rollback')}-rollback-alone"
    assert request_lock(stack, back, rollback=True)["outcome"] == "acquired"


def test_a_stage_without_a_running_parent_is_rolled_back(stack: Stack) -> None:
    """P9: once, in an execution of its own."""
    begun(stack).write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    parent = stack.execution("deployment", DEPLOYMENT)
    stack.kill(parent)
    for execution in [stage(stack, parent)] * 2:
        assert "rolling back production" in ended(stack, execution)
    assert rollbacks(stack) == [f"{DEPLOYMENT}-production-rollback-alone"]
    machine = MACHINES["rollback"].replace(":stateMachine:", ":execution:")
    given = Executions.connect(stack.clients).input(f"{machine}:{DEPLOYMENT}-production-rollback-alone")
    assert given == {**GIVEN, "reason": "the stage ended as ABORTED", "breachedAt": ""}


def test_a_stage_that_a_person_started_is_rolled_back(stack: Stack) -> None:
    """It never had a parent."""
    begun(stack).write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    assert "rolling back production" in ended(stack, stage(stack))


def test_a_running_parent_rolls_back_itself(stack: Stack) -> None:
    """The deployment catches the error of its stage; a repeated event changes nothing."""
    begun(stack).write_ledger(DEPLOYMENT, CHANGED)
    execution = stage(stack, stack.execution("deployment", DEPLOYMENT))
    for _ in range(2):
        assert ended(stack, execution) == ["left to the deployment to roll back"]
    assert rollbacks(stack) == []


def test_a_stage_that_changed_nothing_or_had_ended_stays(stack: Stack) -> None:
    """Its ledger is empty or of another environment, or its result is recorded."""
    deployments = begun(stack)
    deployments.write_ledger(DEPLOYMENT, Compensation("test", 0, SERVICE, version(), SERVICE, NOW))
    execution = stage(stack)
    ended(stack, execution)
    deployments.write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    deployments.note_stage(DEPLOYMENT, "production", StageRecord("restored"))
    ended(stack, execution)
    assert rollbacks(stack) == []


def planned(stack: Stack, *environments: str) -> DeploymentsTable:
    """Write the record of a deployment with stages in these environments."""
    deployments = begun(stack)
    deployments.note(DEPLOYMENT, plan={"stages": [{"environment": name} for name in environments]})
    return deployments


def test_the_stages_of_a_stopped_deployment_are_stopped(stack: Stack) -> None:
    """P9: running ones only; a repeated event stops nothing more."""
    planned(stack, "test", "production")
    running = stack.execution("stage", f"{DEPLOYMENT}-production", GIVEN)
    execution = stack.execution("deployment", DEPLOYMENT)
    stack.kill(execution)
    assert ended(stack, execution) == [f"stopped {running}", "announced aborted"]
    assert not Executions.connect(stack.clients).is_running(running)
    assert stack.stopped() == {running: "its deployment ended as ABORTED"}
    stack.calls.clear()
    assert ended(stack, execution) == []
    assert stack.stopped() == {}


def test_a_failed_stage_of_a_stopped_deployment_is_rolled_back(stack: Stack) -> None:
    """P9: the stage failed first, and the deployment was stopped before its rollback; a repeated event starts none."""
    planned(stack, "test", "production").write_ledger(DEPLOYMENT, CHANGED)
    execution = stack.execution("deployment", DEPLOYMENT)
    dead = stage(stack, execution)
    assert ended(stack, dead) == ["left to the deployment to roll back"]
    stack.kill(execution)
    assert ended(stack, execution) == ["rolling back production", "announced aborted"]
    assert ended(stack, execution) == ["rolling back production"]
    assert rollbacks(stack) == [f"{DEPLOYMENT}-production-rollback-alone"]


def test_a_stage_with_a_result_is_not_rolled_back(stack: Stack) -> None:
    """A passed stage keeps its release if a later one is rejected."""
    deployments = planned(stack, "production")
    deployments.write_ledger(DEPLOYMENT, CHANGED)
    execution = stack.execution("deployment", DEPLOYMENT)
    stage(stack, execution)
    deployments.note_stage(DEPLOYMENT, "production", StageRecord("passed"))
    stack.kill(execution)
    assert ended(stack, execution, "FAILED", "FailedClean") == []
    assert rollbacks(stack) == []


@pytest.mark.parametrize(("status", "error"), [("FAILED", "FailedDirty"), ("ABORTED", None)])
def test_the_end_of_a_full_rollback_is_final(stack: Stack, status: str, error: str | None) -> None:
    """R5: an unknown environment stays frozen for a person; a rollback that still runs continues."""
    planned(stack, "production").write_ledger(DEPLOYMENT, CHANGED)
    execution = stack.execution("deployment", DEPLOYMENT)
    dead = stage(stack, execution)
    full = f"{DEPLOYMENT}-production-full-rollback"
    stack.kill(stack.execution("rollback", full, BACK))
    stack.kill(execution)
    assert "rolling back production" not in ended(stack, dead)
    assert ("rolling back production" in ended(stack, execution, status, error)) == (error is None)
    alone = f"{DEPLOYMENT}-production-rollback-alone"
    assert set(rollbacks(stack)) == ({full, alone} if error is None else {full})


def test_a_good_stage_whose_end_could_not_be_written_stays(stack: Stack) -> None:
    """P9: it succeeded and returned its result to its deployment, which was stopped in a later stage."""
    planned(stack, "production").write_ledger(DEPLOYMENT, CHANGED)
    execution = stack.execution("deployment", DEPLOYMENT)
    stack.rewrite(stage(stack, execution), status="SUCCEEDED")
    stack.kill(execution)
    assert ended(stack, execution) == ["announced aborted"]
    assert rollbacks(stack) == []


def rollback(stack: Stack, parent: str = "") -> str:
    """Start and stop a rollback that holds the lock."""
    started_by = {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": parent} if parent else {}
    execution = stack.execution("rollback", "stopped", {**BACK, **started_by})
    request_lock(stack, execution, rollback=True)
    stack.kill(execution)
    return execution


def test_a_rollback_that_was_stopped_freezes_and_releases_its_lock(stack: Stack) -> None:
    """R5: its end is unknown; it is recorded and announced once, and no further rollback starts."""
    begun(stack)
    execution = rollback(stack)
    assert ended(stack, execution) == ["froze production", "released environment/production"]
    assert rollbacks(stack) == ["stopped"]
    frozen = EnvironmentsTable.connect(stack.clients).frozen("production")
    assert frozen
    assert (frozen.by, frozen.reason) == (
        f"rollback of {DEPLOYMENT}",
        f"the rollback of {DEPLOYMENT} ended as ABORTED, and it is not known which parts it restored",
    )
    ((name, detail),) = stack.told()
    assert (name, detail["result"], detail["environment"]) == ("RollbackFinished", "unknown", "production")
    assert (detail["cause"], detail["breachedAt"], detail["reason"]) == ("alarm errors rings", NOW, frozen.reason)
    assert stack.deployment()["rollback_production"]["result"] == "unknown"
    assert stack.deployment()["status"] == "unknown"
    assert ended(stack, execution) == ["released environment/production"]
    assert len(stack.told()) == 1
    assert EnvironmentsTable.connect(stack.clients).frozen("production") == frozen


@pytest.mark.parametrize("parent", ["deployment", "stage", "enhanced_watch"])
def test_a_dead_rollback_freezes_whatever_started_it(stack: Stack, parent: str) -> None:
    """R5: by a deployment, a watch or a stage; the full rollback that follows a stage's unfreezes."""
    begun(stack)
    execution = rollback(stack, stack.execution(parent, "waits"))
    assert ended(stack, execution, "TIMED_OUT")[0] == "froze production"


def test_the_full_rollback_unfreezes_what_a_dead_one_left(stack: Stack) -> None:
    """R5: a stage's rollback died and its deployment continues; the event, repeated later, does not freeze again."""
    begun(stack)
    execution = rollback(stack, stack.execution("stage", "waits"))
    ended(stack, execution)
    record(stack, "restored", environment="production")
    assert EnvironmentsTable.connect(stack.clients).frozen("production") is None
    assert ended(stack, execution) == ["released environment/production"]
    assert EnvironmentsTable.connect(stack.clients).frozen("production") is None


def test_a_rollback_without_a_breach_counts_from_now(stack: Stack) -> None:
    """R9: an operator's rollback has no alarm and so no time of a breach."""
    begun(stack)
    execution = stack.execution("rollback", "stopped", {**BACK, "breachedAt": ""})
    ended(stack, execution, "FAILED")
    detail = stack.told()[0][1]
    assert detail["breachedAt"] == detail["verifiedAt"] > NOW


def test_a_rollback_that_recorded_its_end_freezes_nothing(stack: Stack) -> None:
    """It was stopped after it wrote its record, which counts."""
    begun(stack)
    execution = rollback(stack)
    record(stack, "restored", environment="production")
    assert ended(stack, execution) == ["released environment/production"]
    assert EnvironmentsTable.connect(stack.clients).frozen("production") is None
    assert stack.told() == []


def test_the_record_of_an_earlier_rollback_does_not_count(stack: Stack) -> None:
    """The stage's rollback restored; the full one that followed was stopped, so its end is unknown."""
    begun(stack).note(DEPLOYMENT, rollback_production={"result": "restored", "verifiedAt": NOW})
    assert ended(stack, rollback(stack))[0] == "froze production"
    assert stack.deployment()["rollback_production"]["result"] == "unknown"


def test_the_wait_of_a_stopped_enhanced_watch_is_removed(stack: Stack) -> None:
    """R8: the next deployment stopped it; nothing else follows."""
    execution, waits = stack.execution("enhanced_watch", "main-1-enhanced"), WaitsTable.connect(stack.clients)
    waits.store(Wait(WatchKey("production", "main-1-enhanced"), "token", execution, "production"), datetime.now(UTC))
    stack.kill(execution)
    assert ended(stack, execution) == ["ended watch/production/main-1-enhanced"]
    assert ended(stack, execution) == []
    assert (waits.of_environment("production"), rollbacks(stack), stack.told()) == ((), [], [])
