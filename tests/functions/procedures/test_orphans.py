"""The searches for orphans, one by one; `events/test_reconcile.py` tests a whole run."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.client import GitHub
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from functions.domain.locks import Contender
from functions.domain.order import Order
from functions.domain.records import Outcome
from functions.domain.waits import Wait, read_wait_key
from functions.handler import encode
from functions.procedures.orphans import Orphans, Repair
from tests.functions import builds
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, NOW, RELEASE
from tests.functions.stack import MACHINES, Stack

GIVEN: dict[str, Any] = {"deploymentId": DEPLOYMENT, "release": encode(RELEASE), "environment": encode(ENVIRONMENT)}
KEY = "environment/production"
LATER = "2036-01-01T00:00:00.000Z"
APPROVAL = Approval("a1", "deploy", DEPLOYMENT, "production", {}, ["h"], NOW, NOW, LATER)


@pytest.fixture(autouse=True)
def _project(stack: Stack) -> None:
    """A stack with a build project."""
    stack.settings["BUILD_PROJECTS"] = builds.BEGIN
    builds.create_project(stack)


def orphans(stack: Stack, grace_seconds: int = 0) -> Orphans:
    """The orphans of the stack, after this grace period."""
    stack.settings["PUSH_GRACE_SECONDS"] = str(grace_seconds)
    return Orphans.connect(stack.clients)


def repairs(repairs: Iterator[Repair]) -> list[tuple[str, str]]:
    """The repairs of a search, by kind and text."""
    return [(repair.kind, repair.what) for repair in repairs]


def ended(stack: Stack, machine: str, name: str = DEPLOYMENT, status: str = "ABORTED", hours: float = 0) -> str:
    """An execution that ended in this status, this long ago, without its event."""
    execution = stack.execution(machine, name, GIVEN)
    stack.kill(execution)
    return stack.rewrite(execution, status=status, stopDate=_ago(hours))


def begun(stack: Stack, execution: str, deployment_id: str = DEPLOYMENT) -> DeploymentsTable:
    """Write records; one of them names this execution."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(deployment_id, RELEASE, execution, "push")
    return deployments


def owns(stack: Stack, *executions: str) -> LocksTable:
    """These executions request the lock of production, in turn."""
    locks = LocksTable.connect(stack.clients)
    for number, execution in enumerate(executions):
        locks.request(KEY, Contender(execution, f"main-{number}", Order(1, number), "release"))
    return locks


def awaits(stack: Stack, execution: str, key: str = "watch/production/main-1") -> WaitsTable:
    """Store waits; one of them belongs to this execution."""
    waits = WaitsTable.connect(stack.clients)
    waits.store(Wait(read_wait_key(key), "token", execution), datetime.now(UTC))
    return waits


def build(stack: Stack, deployment_id: str = DEPLOYMENT) -> str:
    """Start a build of a deployment."""
    build_id = str(stack.client("codebuild").start_build(projectName=builds.PROJECT)["build"]["id"])
    variables = [{"name": "KIRO_DEPLOYMENT", "value": deployment_id}]
    builds.end(stack, build_id, "IN_PROGRESS", environment={"environmentVariables": variables})
    return build_id


def _ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


def test_a_deployment_was_started_if_an_execution_or_record_exists(stack: Stack) -> None:
    """Step Functions keeps executions for 90 days, and a record is written after the start: either is enough."""
    found = orphans(stack)
    assert not found.was_started(DEPLOYMENT, RELEASE.repository, RELEASE.commit)
    stack.execution("deployment", DEPLOYMENT)
    begun(stack, "arn:e", "main-recorded")
    assert found.was_started(DEPLOYMENT, RELEASE.repository, RELEASE.commit)
    assert found.was_started("main-recorded", RELEASE.repository, RELEASE.commit)


def test_a_fresh_end_is_left_to_its_event(stack: Stack) -> None:
    """Nothing is settled within the grace period, everything after it."""
    execution = ended(stack, "deployment", hours=0.5)
    begun(stack, execution)
    assert repairs(orphans(stack, grace_seconds=3600).dead_executions()) == []
    assert repairs(orphans(stack, grace_seconds=60).dead_executions()) == [
        ("end settled", f"{DEPLOYMENT}: announced aborted")
    ]


@pytest.mark.parametrize("name", ["lock", "wait", "record"])
def test_running_executions_are_not_settled(stack: Stack, name: str) -> None:
    """Whatever names them."""
    execution = stack.execution("deployment", DEPLOYMENT, GIVEN)
    name_it: dict[str, Callable[[Stack, str], object]] = {"lock": owns, "wait": awaits, "record": begun}
    name_it[name](stack, execution)
    assert repairs(orphans(stack).dead_executions()) == []


@pytest.mark.parametrize(("status", "outcome"), [("ABORTED", "aborted"), ("FAILED", "failed")])
def test_a_recent_failure_that_nothing_names_is_found(stack: Stack, status: str, outcome: Outcome) -> None:
    """Its outcome may be written and not announced; after two hours earlier runs have settled it."""
    ended(stack, "deployment", "main-older", status=status, hours=3)
    begun(stack, ended(stack, "deployment", status=status, hours=1)).conclude(DEPLOYMENT, outcome, "r")
    assert repairs(orphans(stack).dead_executions()) == [("end settled", f"{DEPLOYMENT}: announced {outcome}")]
    assert repairs(orphans(stack).dead_executions()) == []
    assert stack.deployment("main-older") == {}


def test_what_a_successful_execution_left_is_released(stack: Stack) -> None:
    """It concluded itself: no outcome is written or announced."""
    execution = stack.execution("stage", "s", GIVEN)
    locks, waits = owns(stack, execution), awaits(stack, execution)
    stack.kill(execution)
    stack.rewrite(execution, status="SUCCEEDED")
    assert repairs(orphans(stack).dead_executions()) == [
        ("end settled", "s: ended watch/production/main-1"),
        ("lock released", f"{KEY} was held by {execution}, which has ended"),
    ]
    assert (list(locks.owned()), list(waits.open())) == ([], [])


def test_a_wait_that_has_no_token_yet_is_ended_too(stack: Stack) -> None:
    """A build was started, its start was lost, and the execution ended on another path."""
    build_id, execution = build(stack), ended(stack, "stage", "s", "SUCCEEDED")
    WaitsTable.connect(stack.clients).store(Wait(read_wait_key(f"build/{build_id}"), "", execution), datetime.now(UTC))
    assert repairs(orphans(stack).dead_executions()) == [("end settled", f"s: ended build/{build_id}")]
    assert list(WaitsTable.connect(stack.clients).open()) == []


def test_an_unknown_execution_gives_its_lock_to_the_next(stack: Stack) -> None:
    """Step Functions no longer knows it, but the table does."""
    owner, heir = stack.execution("rollback", "owner"), stack.execution("stage", "heir")
    locks = owns(stack, owner, heir)
    stack.client("stepfunctions").delete_state_machine(stateMachineArn=MACHINES["rollback"])
    assert repairs(orphans(stack).dead_executions()) == [
        ("lock released", f"{KEY} was held by {owner}, which has ended")
    ]
    assert [lock.owner.execution for lock in locks.owned() if lock.owner] == [heir]


def test_an_execution_of_another_workflow_is_no_deployment(stack: Stack) -> None:
    """Its waits end; no deployment is concluded."""
    execution = ended(stack, "enhanced_watch", "w")
    awaits(stack, execution)
    assert repairs(orphans(stack).dead_executions()) == [("end settled", "w: ended watch/production/main-1")]
    assert stack.deployment("w") == {}


def test_a_record_without_an_execution_has_the_execution_of_its_name(stack: Stack) -> None:
    """A record's key is the name of its execution."""
    ended(stack, "deployment", hours=3)
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "", "push")
    assert repairs(orphans(stack).dead_executions()) == [("end settled", f"{DEPLOYMENT}: announced aborted")]
    assert stack.deployment()["outcome"] == "aborted"


def test_an_error_does_not_stop_the_others_and_is_raised(stack: Stack) -> None:
    """A stage with an unreadable input comes before the record of another."""
    stage = stack.execution("stage", "unreadable", {"no": "environment"})
    owns(stack, stage)
    stack.kill(stage)
    begun(stack, ended(stack, "deployment"))
    done: list[Repair] = []
    with pytest.raises(ExceptionGroup, match="executions could not be settled"):
        done.extend(orphans(stack).dead_executions())
    assert stack.deployment()["outcome"] == "aborted"


def test_a_record_is_waited_for_while_begin_may_still_write_it(stack: Stack) -> None:
    """The grace period counts from the start; a written record needs nothing."""
    github = GitHub.connect(stack.clients)
    given = {"repository": "acme/gone", "ref": "refs/heads/main"}
    execution = stack.execution("deployment", DEPLOYMENT, given)
    assert repairs(orphans(stack, grace_seconds=3600).missing_records(github, {RELEASE.repository})) == []
    begun(stack, execution)
    assert repairs(orphans(stack).missing_records(github, {RELEASE.repository})) == []


@pytest.mark.parametrize("given", [{}, {"repository": "acme/hello-service"}, {"ref": "refs/heads/main"}])
def test_an_execution_that_lacks_its_input_gets_no_record(stack: Stack, given: dict[str, str]) -> None:
    """It fails, and its end is announced."""
    stack.execution("deployment", DEPLOYMENT, given)
    assert repairs(orphans(stack).missing_records(GitHub.connect(stack.clients), {RELEASE.repository})) == []
    assert stack.deployment() == {}


def test_a_request_is_open_while_its_deployment_goes_on(stack: Stack) -> None:
    """Or while it has a wait; otherwise it becomes void once, with the reason."""
    deployments, waits = begun(stack, stack.execution("deployment", DEPLOYMENT)), WaitsTable.connect(stack.clients)
    waits.save_approval(APPROVAL, datetime.now(UTC))
    waits.save_approval(replace(APPROVAL, approval_id="a2"), datetime.now(UTC))
    awaits(stack, "arn:e", "approval/a2")
    assert repairs(orphans(stack).orphaned_approvals()) == []
    deployments.conclude(DEPLOYMENT, "aborted", "stopped")
    repaired = ("approval void", f"{DEPLOYMENT} no longer waits for production")
    assert [repairs(orphans(stack).orphaned_approvals()) for _ in range(2)] == [[repaired], []]
    first, second = waits.approval("a1"), waits.approval("a2")
    assert first
    assert second
    assert (first.state, first.reason, second.state) == ("void", "its deployment has ended", "open")


def test_a_request_that_is_decided_meanwhile_stays_decided(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision between the read and the write counts."""
    waits, found = WaitsTable.connect(stack.clients), orphans(stack)
    waits.save_approval(APPROVAL, datetime.now(UTC))
    seen = list(waits.open())
    waits.decide(replace(APPROVAL, state="approved"))
    monkeypatch.setattr(found.waits, "open", lambda: iter(seen))
    assert repairs(found.orphaned_approvals()) == []
    kept = waits.approval("a1")
    assert kept
    assert kept.state == "approved"


def test_a_build_continues_while_it_is_needed(stack: Stack) -> None:
    """Its deployment runs, or a running execution waits for it."""
    begun(stack, stack.execution("deployment", DEPLOYMENT))
    build(stack)
    awaits(stack, stack.execution("rollback", "r"), f"build/{build(stack, 'main-gone')}")
    assert repairs(orphans(stack).stray_builds()) == []


def test_a_build_that_only_dead_executions_await_is_stopped(stack: Stack) -> None:
    """A wait of an ended execution does not count."""
    build_id = build(stack, "main-gone")
    awaits(stack, ended(stack, "stage", "s"), f"build/{build_id}")
    assert repairs(orphans(stack).stray_builds()) == [
        ("build stopped", f"{build_id} ran on for main-gone, which has ended")
    ]


def test_a_build_that_was_just_started_is_left_alone(stack: Stack) -> None:
    """Its wait is stored a moment after its start."""
    build(stack, "main-gone")
    assert repairs(orphans(stack, grace_seconds=3600).stray_builds()) == []
