"""What a handler writes for an execution that was stopped meanwhile, and whose end was heard before the write (P9)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.clock import iso
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from functions.handler import encode
from tests.functions import builds
from tests.functions.delivered import artifact
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, NOW, RELEASE
from tests.functions.shared import test_acquire_lock, test_await_lock, test_watch
from tests.functions.stack import Stack
from tests.functions.stage import test_request_approval

LATER = iso(datetime.now(UTC) + timedelta(hours=1))
REQUEST = Approval("a1", "deploy", DEPLOYMENT, "production", {}, ["hash"], NOW, NOW, LATER)


@pytest.fixture
def dead(stack: Stack) -> str:
    """A stage that was stopped while one of its handlers runs; all that its end wakes is over."""
    given = {"deploymentId": DEPLOYMENT, "release": encode(RELEASE), "environment": encode(ENVIRONMENT)}
    execution = stack.execution("stage", f"{DEPLOYMENT}-production", given)
    stack.kill(execution)
    return execution


def await_build(stack: Stack, execution: str) -> None:
    """A build that runs."""
    event = {"taskToken": "t", "execution": execution, "deploymentId": DEPLOYMENT, "buildId": builds.start(stack)}
    stack.run("shared.await_build", event)


def await_approval(stack: Stack, execution: str) -> None:
    """A request that is open."""
    WaitsTable.connect(stack.clients).save_approval(REQUEST, datetime.now(UTC))
    event = {"taskToken": "t", "execution": execution, "deploymentId": DEPLOYMENT, "approvalId": "a1"}
    stack.run("stage.await_approval", {**event, "environment": ENVIRONMENT})


def request_approval(stack: Stack, execution: str) -> None:
    """A request that is made."""
    artifact(stack, test_request_approval.ARTIFACT, {"app.zip": "code"})
    stack.run("stage.request_approval", {**test_request_approval.wanted(), "execution": execution})


def await_lock(stack: Stack, execution: str) -> None:
    """A lock that is held."""
    test_acquire_lock.ask(stack, stack.execution("stage", "owner"))
    test_await_lock.wait(stack, execution, "t")


def take_branch(stack: Stack, execution: str) -> None:
    """A board item's branch."""
    stack.run("work_item.acquire_lock", {"workId": "7-1", "execution": execution, "key": "branch/acme/hello/kiro/x"})


def watch(stack: Stack, execution: str) -> None:
    """An environment that is well."""
    test_watch.watch(stack, LATER, execution=execution)


def acquire_lock(stack: Stack, execution: str) -> None:
    """A lock that is free."""
    test_acquire_lock.ask(stack, execution)


@pytest.mark.parametrize(
    "handler", [acquire_lock, await_lock, take_branch, await_build, watch, await_approval, request_approval]
)
def test_who_was_stopped_leaves_nothing(stack: Stack, dead: str, handler: Any) -> None:
    """No lock, no place in its line, no wait; a request is void, and nobody is asked; a token is let go."""
    handler(stack, dead)
    locks, waits = LocksTable.connect(stack.clients), WaitsTable.connect(stack.clients)
    assert [lock.key for lock in locks.owned() if lock.owner and lock.owner.execution == dead] == []
    assert [lock.key for lock in locks.all() if any(w.contender.execution == dead for w in lock.waiters)] == []
    assert list(waits.open()) == []
    assert stack.mails() == []
    waited = handler in (await_build, watch, await_approval)
    assert len(stack.completed()) == waited


def test_a_build_that_lost_its_wait_is_stopped(stack: Stack, dead: str) -> None:
    """The end of its execution may have looked for builds while the wait for this one was gone again."""
    await_build(stack, dead)
    assert "codebuild:StopBuild" in [call.action for call in stack.calls]


def test_a_place_in_line_is_given_to_the_next(stack: Stack, dead: str) -> None:
    """The dead one stood first: who comes after it has the lock."""
    next_one = stack.execution("stage", "next")
    acquire_lock(stack, dead)
    assert test_acquire_lock.ask(stack, next_one)["outcome"] == "acquired"


def test_an_execution_that_nobody_knows_yet_keeps_its_wait(stack: Stack) -> None:
    """What Step Functions tells may lag behind a start: only a known end undoes."""
    watch(stack, "arn:aws:states:eu-central-1:123456789012:execution:kiro-stage:just-begun")
    assert [wait.token for wait, _ in WaitsTable.connect(stack.clients).open() if wait] == ["token"]


def test_a_request_belongs_to_its_execution_before_anybody_waits(stack: Stack) -> None:
    """Stopped between RequestApproval and AwaitApproval, it is found by the end of its execution, and void."""
    execution = stack.execution("stage", "asks")
    request_approval(stack, execution)
    (wait,) = WaitsTable.connect(stack.clients).of_execution(execution)
    assert (str(wait.key).partition("/")[0], wait.token) == ("approval", "")
