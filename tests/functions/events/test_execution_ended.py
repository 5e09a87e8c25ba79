"""The end of an execution: what it could not give back or say itself."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

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
from tests.functions.rollback.test_record_rollback import record
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, NOW, RELEASE, SERVICE, version
from tests.functions.shared.test_acquire_lock import ask
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
    return stack.executions("rollback")


@pytest.mark.parametrize(
    ("status", "outcome"), [("ABORTED", "aborted"), ("TIMED_OUT", "timed out"), ("FAILED", "failed")]
)
def test_a_deployment_that_could_not_conclude_is_told_once(stack: Stack, status: str, outcome: str) -> None:
    """N3: the outcome is written and announced; the same event again tells nothing."""
    begun(stack)
    execution = stack.execution("deployment", DEPLOYMENT)
    assert ended(stack, execution, status, "States.Runtime") == [f"announced {outcome}"]
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
    assert ended(stack, stack.execution("deployment", DEPLOYMENT), status, error) == ["announced deployed"]
    assert stack.told()[0][1]["outcome"] == "deployed"


def test_an_announcement_that_failed_is_made_by_the_retry(stack: Stack) -> None:
    """The outcome was written, the bus refused it: the next run of the same event announces it."""
    begun(stack)
    execution = stack.execution("deployment", DEPLOYMENT)
    refusal = ClientError({"Error": {"Code": "InternalException", "Message": "x"}}, "PutEvents")
    with failing(stack.client("events"), "PutEvents", refusal), pytest.raises(ClientError):
        ended(stack, execution)
    assert ended(stack, execution) == ["announced aborted"]


def test_builds_are_stopped_and_waits_forgotten(stack: Stack) -> None:
    """P9: no running build, no pending wait; a build that nobody knows is no fault."""
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
    """P9: the page says that the deployment has ended; a decided one stays decided."""
    execution = stage(stack)
    waits = WaitsTable.connect(stack.clients)
    for name, state in (("open", "open"), ("done", "approved")):
        approval = Approval(name, "deploy", DEPLOYMENT, "production", {}, ["h"], NOW, NOW, NOW)
        approval = replace(approval, state=state)  # type: ignore[arg-type]
        waits.save_approval(approval, datetime.now(UTC))
        waits.store(Wait(read_wait_key(f"approval/{name}"), "token", execution), datetime.now(UTC))
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


def test_in_parallel_mode_the_lock_of_the_repository_is_released(stack: Stack) -> None:
    """The release that the stage was started with says whose."""
    stack.settings["LOCK_MODE"] = "parallel"
    execution = stack.execution("stage", "stopped", GIVEN)
    ask(stack, execution)
    stack.kill(execution)
    assert ended(stack, execution) == ["released environment/production/acme/hello-service"]
    assert LocksTable.connect(stack.clients).read("environment/production/acme/hello-service").owner is None


def test_the_lock_of_what_goes_back_stays_until_the_rollback_takes_it(stack: Stack) -> None:
    """Nobody comes between the failure and the way back: the rollback goes first, before who waits."""
    begun(stack).write_ledger(DEPLOYMENT, CHANGED)
    execution = stack.execution("stage", f"{DEPLOYMENT}-production", GIVEN)
    ask(stack, execution)
    wait_for_lock(stack, stack.execution("stage", "next"), "token-next")
    stack.kill(execution)
    assert ended(stack, execution) == ["rolling back production"]
    owner = LocksTable.connect(stack.clients).read("environment/production").owner
    assert owner
    assert (owner.execution, stack.completed()) == (execution, {})
    back = f"{execution.replace('kiro-stage', 'kiro-rollback')}-rollback-alone"
    assert ask(stack, back, rollback=True)["outcome"] == "acquired"


def test_a_stage_without_a_living_parent_goes_back(stack: Stack) -> None:
    """P9: what it had changed is rolled back in an execution of its own, once."""
    begun(stack).write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    parent = stack.execution("deployment", DEPLOYMENT)
    stack.kill(parent)
    for execution in [stage(stack, parent)] * 2:
        assert "rolling back production" in ended(stack, execution)
    assert rollbacks(stack) == [f"{DEPLOYMENT}-production-rollback-alone"]
    machine = MACHINES["rollback"].replace(":stateMachine:", ":execution:")
    given = Executions.connect(stack.clients).input(f"{machine}:{DEPLOYMENT}-production-rollback-alone")
    assert given == {**GIVEN, "reason": "the stage ended as ABORTED", "breachedAt": ""}


def test_a_stage_that_a_person_started_goes_back(stack: Stack) -> None:
    """It never had a parent."""
    begun(stack).write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    assert "rolling back production" in ended(stack, stage(stack))


def test_a_living_parent_rolls_back_itself(stack: Stack) -> None:
    """The deployment catches the end of its stage; asked again it is the same."""
    begun(stack).write_ledger(DEPLOYMENT, CHANGED)
    execution = stage(stack, stack.execution("deployment", DEPLOYMENT))
    for _ in range(2):
        assert ended(stack, execution) == ["left to the deployment to roll back"]
    assert rollbacks(stack) == []


def test_a_stage_that_changed_nothing_or_had_ended_stays(stack: Stack) -> None:
    """An empty ledger, or one of another environment, or a stage whose end is recorded."""
    deployments = begun(stack)
    deployments.write_ledger(DEPLOYMENT, Compensation("test", 0, SERVICE, version(), SERVICE, NOW))
    execution = stage(stack)
    ended(stack, execution)
    deployments.write_ledger(DEPLOYMENT, Compensation("production", 0, SERVICE, version(), SERVICE, NOW))
    deployments.note_stage(DEPLOYMENT, "production", StageRecord("restored"))
    ended(stack, execution)
    assert rollbacks(stack) == []


def planned(stack: Stack, *environments: str) -> DeploymentsTable:
    """A deployment that has begun, with stages in these environments."""
    deployments = begun(stack)
    deployments.note(DEPLOYMENT, plan={"stages": [{"environment": name} for name in environments]})
    return deployments


def test_the_stages_of_a_stopped_deployment_are_stopped(stack: Stack) -> None:
    """P9: what runs is stopped, what never began is left alone; the event again stops nothing more."""
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


def test_what_a_stage_had_left_to_its_deployment_goes_back_without_it(stack: Stack) -> None:
    """P9: the stage died first and the deployment was stopped before it could roll back; once, however often told."""
    planned(stack, "test", "production").write_ledger(DEPLOYMENT, CHANGED)
    execution = stack.execution("deployment", DEPLOYMENT)
    dead = stage(stack, execution)
    assert ended(stack, dead) == ["left to the deployment to roll back"]
    stack.kill(execution)
    assert ended(stack, execution) == ["rolling back production", "announced aborted"]
    assert ended(stack, execution) == ["rolling back production"]
    assert rollbacks(stack) == [f"{DEPLOYMENT}-production-rollback-alone"]


def test_a_stage_that_had_said_its_end_does_not_go_back_with_its_deployment(stack: Stack) -> None:
    """A passed stage stays at its release when a later one is rejected."""
    deployments = planned(stack, "production")
    deployments.write_ledger(DEPLOYMENT, CHANGED)
    execution = stack.execution("deployment", DEPLOYMENT)
    stage(stack, execution)
    deployments.note_stage(DEPLOYMENT, "production", StageRecord("passed"))
    stack.kill(execution)
    assert ended(stack, execution, "FAILED", "FailedClean") == []
    assert rollbacks(stack) == []


@pytest.mark.parametrize(("status", "error"), [("FAILED", "FailedDirty"), ("ABORTED", None)])
def test_after_a_full_rollback_a_deployment_s_word_is_final(stack: Stack, status: str, error: str | None) -> None:
    """R5: what it left unknown stays frozen for a person; one that was stopped on its way back goes on alone."""
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
    """P9: it ended by itself and told its deployment so, which was stopped in a later stage."""
    planned(stack, "production").write_ledger(DEPLOYMENT, CHANGED)
    execution = stack.execution("deployment", DEPLOYMENT)
    stack.rewrite(stage(stack, execution), status="SUCCEEDED")
    stack.kill(execution)
    assert ended(stack, execution) == ["announced aborted"]
    assert rollbacks(stack) == []


def rollback(stack: Stack, parent: str = "") -> str:
    """A rollback that was stopped under its lock."""
    started_by = {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": parent} if parent else {}
    execution = stack.execution("rollback", "stopped", {**BACK, **started_by})
    ask(stack, execution, rollback=True)
    stack.kill(execution)
    return execution


def test_a_rollback_that_was_stopped_freezes_and_gives_its_lock_back(stack: Stack) -> None:
    """R5: nobody knows how far it came; written, told once, and no further rollback is started."""
    begun(stack)
    execution = rollback(stack)
    assert ended(stack, execution) == ["froze production", "released environment/production"]
    assert rollbacks(stack) == ["stopped"]
    frozen = EnvironmentsTable.connect(stack.clients).frozen("production")
    assert frozen
    assert (frozen.by, frozen.reason) == (
        f"rollback of {DEPLOYMENT}",
        f"the rollback of {DEPLOYMENT} ended as ABORTED: nobody knows how far it came",
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
def test_a_dead_rollback_freezes_whoever_waited_for_it(stack: Stack, parent: str) -> None:
    """R5: a full rollback and a watch's have nobody above them; a stage's is unfrozen by the full one."""
    begun(stack)
    execution = rollback(stack, stack.execution(parent, "waits"))
    assert ended(stack, execution, "TIMED_OUT")[0] == "froze production"


def test_the_full_rollback_unfreezes_what_a_dead_one_left(stack: Stack) -> None:
    """R5: a stage's rollback died, its deployment goes on; told late once more, the event does not freeze again."""
    begun(stack)
    execution = rollback(stack, stack.execution("stage", "waits"))
    ended(stack, execution)
    record(stack, "restored", environment="production")
    assert EnvironmentsTable.connect(stack.clients).frozen("production") is None
    assert ended(stack, execution) == ["released environment/production"]
    assert EnvironmentsTable.connect(stack.clients).frozen("production") is None


def test_a_rollback_without_a_breach_counts_from_now(stack: Stack) -> None:
    """R9: one that was started alone has no alarm's time."""
    begun(stack)
    execution = stack.execution("rollback", "stopped", {**BACK, "breachedAt": ""})
    ended(stack, execution, "FAILED")
    detail = stack.told()[0][1]
    assert detail["breachedAt"] == detail["verifiedAt"] > NOW


def test_a_rollback_that_had_said_its_end_freezes_nothing(stack: Stack) -> None:
    """It was stopped after its record: its own word counts."""
    begun(stack)
    execution = rollback(stack)
    record(stack, "restored", environment="production")
    assert ended(stack, execution) == ["released environment/production"]
    assert EnvironmentsTable.connect(stack.clients).frozen("production") is None
    assert stack.told() == []


def test_the_word_of_an_earlier_rollback_does_not_count(stack: Stack) -> None:
    """The stage's had restored; the full one that followed was stopped, and nobody knows how far it came."""
    begun(stack).note(DEPLOYMENT, rollback_production={"result": "restored", "verifiedAt": NOW})
    assert ended(stack, rollback(stack))[0] == "froze production"
    assert stack.deployment()["rollback_production"]["result"] == "unknown"


def test_the_token_of_a_stopped_enhanced_watch_is_forgotten(stack: Stack) -> None:
    """R8: the next deployment has stopped it; nothing else follows."""
    execution, waits = stack.execution("enhanced_watch", "main-1-enhanced"), WaitsTable.connect(stack.clients)
    waits.store(Wait(WatchKey("production", "main-1-enhanced"), "token", execution, "production"), datetime.now(UTC))
    stack.kill(execution)
    assert ended(stack, execution) == ["ended watch/production/main-1-enhanced"]
    assert ended(stack, execution) == []
    assert (waits.of_environment("production"), rollbacks(stack), stack.told()) == ((), [], [])
