"""What executions leave behind, search by search; `events/test_reconcile.py` sees a whole run."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.client import GitHub
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from functions.domain.locks import Contender
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
    """A stack with a project to look at."""
    stack.settings["BUILD_PROJECTS"] = builds.PROJECT
    builds.create_project(stack)


def orphans(stack: Stack, grace_seconds: int = 0) -> Orphans:
    """What this stack's executions leave, once they had this long to do it themselves."""
    stack.settings["PUSH_GRACE_SECONDS"] = str(grace_seconds)
    return Orphans.connect(stack.clients)


def told(repairs: Iterator[Repair]) -> list[tuple[str, str]]:
    """What a search did, by kind and in words."""
    return [(repair.kind, repair.what) for repair in repairs]


def ended(stack: Stack, machine: str, name: str = DEPLOYMENT, status: str = "ABORTED", hours: float = 0) -> str:
    """An execution that ended so, this long ago, and whose event was lost."""
    execution = stack.execution(machine, name, GIVEN)
    stack.kill(execution)
    return stack.rewrite(execution, status=status, stopDate=_ago(hours))


def begun(stack: Stack, execution: str, deployment_id: str = DEPLOYMENT) -> DeploymentsTable:
    """The records, one of which names this execution."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(deployment_id, RELEASE, execution, "push")
    return deployments


def owns(stack: Stack, *executions: str) -> LocksTable:
    """Production's lock, wanted by these in turn."""
    locks = LocksTable.connect(stack.clients)
    for number, execution in enumerate(executions):
        locks.request(KEY, Contender(execution, f"main-{number}", f"2026-01-0{number + 1}", "release"))
    return locks


def awaits(stack: Stack, execution: str, key: str = "watch/production/main-1") -> WaitsTable:
    """The waits, one of which is this execution's."""
    waits = WaitsTable.connect(stack.clients)
    waits.store(Wait(read_wait_key(key), "token", execution), datetime.now(UTC))
    return waits


def build(stack: Stack, deployment_id: str = DEPLOYMENT) -> str:
    """A build in progress of a deployment."""
    build_id = str(stack.client("codebuild").start_build(projectName=builds.PROJECT)["build"]["id"])
    variables = [{"name": "KIRO_DEPLOYMENT", "value": deployment_id}]
    builds.end(stack, build_id, "IN_PROGRESS", environment={"environmentVariables": variables})
    return build_id


def _ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


def test_a_deployment_was_started_if_anybody_remembers(stack: Stack) -> None:
    """Step Functions forgets after 90 days, and a record is opened a moment late: either is enough."""
    found = orphans(stack)
    assert not found.was_started(DEPLOYMENT)
    stack.execution("deployment", DEPLOYMENT)
    begun(stack, "arn:e", "main-recorded")
    assert found.was_started(DEPLOYMENT)
    assert found.was_started("main-recorded")


def test_a_fresh_end_is_left_to_its_event(stack: Stack) -> None:
    """Within the grace nothing is touched, after it everything."""
    execution = ended(stack, "deployment", hours=0.5)
    begun(stack, execution)
    assert told(orphans(stack, grace_seconds=3600).dead_executions()) == []
    assert told(orphans(stack, grace_seconds=60).dead_executions()) == [
        ("end settled", f"{DEPLOYMENT}: announced aborted")
    ]


@pytest.mark.parametrize("name", ["lock", "wait", "record"])
def test_the_living_are_not_settled(stack: Stack, name: str) -> None:
    """Whatever names them."""
    execution = stack.execution("deployment", DEPLOYMENT, GIVEN)
    name_it: dict[str, Callable[[Stack, str], object]] = {"lock": owns, "wait": awaits, "record": begun}
    name_it[name](stack, execution)
    assert told(orphans(stack).dead_executions()) == []


@pytest.mark.parametrize(("status", "outcome"), [("ABORTED", "aborted"), ("FAILED", "failed")])
def test_a_bad_end_that_nothing_names_is_found_for_a_while(stack: Stack, status: str, outcome: Outcome) -> None:
    """Its outcome may be written and not told; after two hours it was looked at often enough."""
    ended(stack, "deployment", "main-older", status=status, hours=3)
    begun(stack, ended(stack, "deployment", status=status, hours=1)).conclude(DEPLOYMENT, outcome, "r")
    assert told(orphans(stack).dead_executions()) == [("end settled", f"{DEPLOYMENT}: announced {outcome}")]
    assert told(orphans(stack).dead_executions()) == []
    assert stack.deployment("main-older") == {}


def test_what_a_good_end_left_is_given_back(stack: Stack) -> None:
    """It concluded itself: no outcome is written, nothing is announced."""
    execution = stack.execution("stage", "s", GIVEN)
    locks, waits = owns(stack, execution), awaits(stack, execution)
    stack.kill(execution)
    stack.rewrite(execution, status="SUCCEEDED")
    assert told(orphans(stack).dead_executions()) == [
        ("end settled", "s: ended watch/production/main-1"),
        ("lock released", f"{KEY} was held by {execution}, which has ended"),
    ]
    assert (list(locks.owned()), list(waits.open())) == ([], [])


def test_a_wait_that_has_no_token_yet_is_ended_too(stack: Stack) -> None:
    """A build was started, its start was not heard, and the execution went another way to a good end."""
    build_id, execution = build(stack), ended(stack, "stage", "s", "SUCCEEDED")
    WaitsTable.connect(stack.clients).store(Wait(read_wait_key(f"build/{build_id}"), "", execution), datetime.now(UTC))
    assert told(orphans(stack).dead_executions()) == [("end settled", f"s: ended build/{build_id}")]
    assert list(WaitsTable.connect(stack.clients).open()) == []


def test_an_unknown_execution_gives_its_lock_to_the_next(stack: Stack) -> None:
    """Step Functions forgot it, the table did not."""
    owner, heir = stack.execution("rollback", "owner"), stack.execution("stage", "heir")
    locks = owns(stack, owner, heir)
    stack.client("stepfunctions").delete_state_machine(stateMachineArn=MACHINES["rollback"])
    assert told(orphans(stack).dead_executions()) == [("lock released", f"{KEY} was held by {owner}, which has ended")]
    assert [lock.owner.execution for lock in locks.owned() if lock.owner] == [heir]


def test_a_workflow_that_is_not_ours_has_no_end_of_ours(stack: Stack) -> None:
    """Its waits are ended; no deployment is concluded in its name."""
    execution = ended(stack, "enhanced_watch", "w")
    awaits(stack, execution)
    assert told(orphans(stack).dead_executions()) == [("end settled", "w: ended watch/production/main-1")]
    assert stack.deployment("w") == {}


def test_a_record_that_names_no_execution_is_its_deployments(stack: Stack) -> None:
    """A record is keyed by the name of its execution."""
    ended(stack, "deployment", hours=3)
    DeploymentsTable.connect(stack.clients).enter(DEPLOYMENT, "production", "running")
    assert told(orphans(stack).dead_executions()) == [("end settled", f"{DEPLOYMENT}: announced aborted")]
    assert stack.deployment()["outcome"] == "aborted"


def test_a_fault_keeps_no_other_and_is_raised(stack: Stack) -> None:
    """A stage with an input that nobody can read comes before the record of another."""
    stage = stack.execution("stage", "unreadable", {"no": "environment"})
    owns(stack, stage)
    stack.kill(stage)
    begun(stack, ended(stack, "deployment"))
    done: list[Repair] = []
    with pytest.raises(ExceptionGroup, match="executions could not be settled"):
        done.extend(orphans(stack).dead_executions())
    assert stack.deployment()["outcome"] == "aborted"


def test_a_record_is_waited_for_while_begin_may_still_write_it(stack: Stack) -> None:
    """The grace counts from the start; a record that was begun needs nothing."""
    github = GitHub.connect(stack.clients)
    given = {"repository": "acme/gone", "ref": "refs/heads/main"}
    execution = stack.execution("deployment", DEPLOYMENT, given)
    assert told(orphans(stack, grace_seconds=3600).missing_records(github)) == []
    begun(stack, execution)
    assert told(orphans(stack).missing_records(github)) == []


@pytest.mark.parametrize("given", [{}, {"repository": "acme/hello-service"}, {"ref": "refs/heads/main"}])
def test_an_execution_that_lacks_its_input_gets_no_record(stack: Stack, given: dict[str, str]) -> None:
    """It fails by itself, and its end is told."""
    stack.execution("deployment", DEPLOYMENT, given)
    assert told(orphans(stack).missing_records(GitHub.connect(stack.clients))) == []
    assert stack.deployment() == {}


def test_a_request_is_open_while_its_deployment_goes_on(stack: Stack) -> None:
    """Or while somebody waits for it; else it is void, once, and says why."""
    deployments, waits = begun(stack, stack.execution("deployment", DEPLOYMENT)), WaitsTable.connect(stack.clients)
    waits.save_approval(APPROVAL, datetime.now(UTC))
    waits.save_approval(replace(APPROVAL, approval_id="a2"), datetime.now(UTC))
    awaits(stack, "arn:e", "approval/a2")
    assert told(orphans(stack).orphaned_approvals()) == []
    deployments.conclude(DEPLOYMENT, "aborted", "stopped")
    repaired = ("approval void", f"{DEPLOYMENT} no longer asks for production")
    assert [told(orphans(stack).orphaned_approvals()) for _ in range(2)] == [[repaired], []]
    first, second = waits.approval("a1"), waits.approval("a2")
    assert first
    assert second
    assert (first.state, first.reason, second.state) == ("void", "its deployment has ended", "open")


def test_a_request_that_is_decided_meanwhile_stays_decided(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A click between the look and the word wins."""
    waits, found = WaitsTable.connect(stack.clients), orphans(stack)
    waits.save_approval(APPROVAL, datetime.now(UTC))
    seen = list(waits.open())
    waits.decide(replace(APPROVAL, state="approved"))
    monkeypatch.setattr(found.waits, "open", lambda: iter(seen))
    assert told(found.orphaned_approvals()) == []
    kept = waits.approval("a1")
    assert kept
    assert kept.state == "approved"


def test_a_build_runs_on_while_anybody_wants_it(stack: Stack) -> None:
    """Its deployment goes on, or a living execution waits for it."""
    begun(stack, stack.execution("deployment", DEPLOYMENT))
    build(stack)
    awaits(stack, stack.execution("rollback", "r"), f"build/{build(stack, 'main-gone')}")
    assert told(orphans(stack).stray_builds()) == []


def test_a_build_that_only_the_dead_await_is_stopped(stack: Stack) -> None:
    """A wait says who wanted it, not that anybody still does."""
    build_id = build(stack, "main-gone")
    awaits(stack, ended(stack, "stage", "s"), f"build/{build_id}")
    assert told(orphans(stack).stray_builds()) == [
        ("build stopped", f"{build_id} ran on for main-gone, which has ended")
    ]


def test_a_build_that_was_just_started_is_left_alone(stack: Stack) -> None:
    """Between its start and the wait for it lies a moment."""
    build(stack, "main-gone")
    assert told(orphans(stack, grace_seconds=3600).stray_builds()) == []
