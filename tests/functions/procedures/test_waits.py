"""Writes for an execution that was stopped meanwhile, after its end was handled (P9)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.clock import iso
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from functions.handler import encode
from tests.functions import builds
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, NOW, RELEASE
from tests.functions.shared import test_acquire_lock, test_await_lock, test_watch
from tests.functions.stack import Stack
from tests.functions.stage import test_request_approval

LATER = iso(datetime.now(UTC) + timedelta(hours=1))
REQUEST = Approval("a1", "deploy", DEPLOYMENT, "production", {}, ["hash"], NOW, NOW, LATER)


@pytest.fixture
def dead(stack: Stack) -> str:
    """A stage that is stopped while one of its handlers runs; its end has been handled."""
    given = {"deploymentId": DEPLOYMENT, "release": encode(RELEASE), "environment": encode(ENVIRONMENT)}
    execution = stack.execution("stage", f"{DEPLOYMENT}-production", given)
    stack.kill(execution)
    return execution


def await_build(stack: Stack, execution: str) -> None:
    """AwaitBuild for a running build."""
    event = {"taskToken": "t", "execution": execution, "deploymentId": DEPLOYMENT, "buildId": builds.start(stack)}
    stack.run("shared.await_build", event)


def await_approval(stack: Stack, execution: str) -> None:
    """AwaitApproval for an open request."""
    WaitsTable.connect(stack.clients).save_approval(REQUEST, datetime.now(UTC))
    event = {"taskToken": "t", "execution": execution, "deploymentId": DEPLOYMENT, "approvalId": "a1"}
    stack.run("stage.await_approval", {**event, "environment": ENVIRONMENT})


def request_approval(stack: Stack, execution: str) -> None:
    """RequestApproval."""
    test_request_approval.built(stack)
    stack.run("stage.request_approval", {**test_request_approval.wanted(), "execution": execution})


def await_lock(stack: Stack, execution: str) -> None:
    """AwaitLock for a lock that another execution holds."""
    test_acquire_lock.request_lock(stack, stack.execution("stage", "owner"))
    test_await_lock.wait(stack, execution, "t")


def take_branch(stack: Stack, execution: str) -> None:
    """AcquireLock for the branch of a work item."""
    stack.run("work_item.acquire_lock", {"workId": "7-1", "execution": execution, "key": "branch/acme/hello/kiro/x"})


def watch(stack: Stack, execution: str) -> None:
    """Watch of a healthy environment."""
    test_watch.watch(stack, LATER, execution=execution)


def acquire_lock(stack: Stack, execution: str) -> None:
    """AcquireLock for a free lock."""
    test_acquire_lock.request_lock(stack, execution)


@pytest.mark.parametrize(
    "handler", [acquire_lock, await_lock, take_branch, await_build, watch, await_approval, request_approval]
)
def test_a_stopped_execution_leaves_nothing(stack: Stack, dead: str, handler: Any) -> None:
    """No lock, queue entry or wait; a request is void and not mailed; the token is completed."""
    handler(stack, dead)
    locks, waits = LocksTable.connect(stack.clients), WaitsTable.connect(stack.clients)
    assert [lock.key for lock in locks.owned() if lock.owner and lock.owner.execution == dead] == []
    assert [lock.key for lock in locks.all() if any(w.contender.execution == dead for w in lock.waiters)] == []
    assert list(waits.open()) == []
    assert stack.mails() == []
    waited = handler in (await_build, watch, await_approval)
    assert len(stack.completed()) == waited


def test_a_build_that_lost_its_wait_is_stopped(stack: Stack, dead: str) -> None:
    """The handler of the execution's end may have found no wait for it."""
    await_build(stack, dead)
    assert "codebuild:StopBuild" in [call.action for call in stack.calls]


def test_a_place_in_the_queue_is_skipped(stack: Stack, dead: str) -> None:
    """The stopped execution was first; the next one gets the lock."""
    next_one = stack.execution("stage", "next")
    acquire_lock(stack, dead)
    assert test_acquire_lock.request_lock(stack, next_one)["outcome"] == "acquired"


def test_an_unknown_execution_keeps_its_wait(stack: Stack) -> None:
    """Step Functions may report a start late, so only a known end removes a wait."""
    watch(stack, "arn:aws:states:eu-central-1:123456789012:execution:kiro-stage:just-begun")
    assert [wait.token for wait, _ in WaitsTable.connect(stack.clients).open() if wait] == ["token"]


def test_a_request_belongs_to_its_execution_before_anybody_waits(stack: Stack) -> None:
    """Stopped between RequestApproval and AwaitApproval, its end finds the request and voids it."""
    execution = stack.execution("stage", "asks")
    request_approval(stack, execution)
    (wait,) = WaitsTable.connect(stack.clients).of_execution(execution)
    assert (str(wait.key).partition("/")[0], wait.token) == ("approval", "")
