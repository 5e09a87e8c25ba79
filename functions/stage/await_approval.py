"""AwaitApproval: leave a token for the decision, then read whether it has been made or the time is up."""

import logging
from dataclasses import dataclass
from typing import Literal

from functions.adapters.clock import Clock
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import Wait, WaitsTable, approval_key
from functions.domain.approvals import Approval, seen
from functions.domain.environments import Environment
from functions.handler import Handler, encode
from functions.procedures.waits import KEEP, keep


@dataclass(frozen=True, slots=True)
class Input:
    """The request that is waited for."""

    task_token: str
    execution: str
    deployment_id: str
    environment: Environment
    approval_id: str


@dataclass(frozen=True, slots=True)
class Decided:
    """How the wait ended."""

    outcome: Literal["approved", "rejected", "expired", "superseded", "void"]
    reason: str


_LOG = logging.getLogger(__name__)
HANDLER = Handler(allow=(*KEEP, *EnvironmentHealth.LOOK, *TaskTokens.COMPLETE), timeout_seconds=50)


def await_approval(
    event: Input,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> None:
    """Token first, then the question; an approval past its end is written as expired here.

    Each ask also notes how the alarms stand: the page is open to the world, and must not be able to enter environments.
    """
    key = approval_key(event.approval_id)
    facts = {"environment": encode(event.environment)}
    wait = Wait(key, event.task_token, event.execution, event.environment.name, facts)
    if not keep(wait, waits, executions, clock):
        tokens.succeed(event.task_token, Decided("void", "the deployment that asked was stopped"))
        return
    stored = waits.approval(event.approval_id)
    if stored is None:
        tokens.succeed(event.task_token, Decided("void", f"the request {event.approval_id} is gone"))
        return
    current = seen(stored, clock.text())
    if current.state == "expired" and stored.state == "open" and not waits.decide(current):
        current = waits.approval(event.approval_id) or current
    if current.state != "open":
        tokens.succeed(event.task_token, decided(current))
        return
    try:
        waits.note_alarms(event.approval_id, health.alarms(event.environment), clock.text())
    except Exception as error:  # who decides is told less; that is no reason to stop a release
        _LOG.warning("alarms can't be told", extra={"reason": str(error)})


def decided(approval: Approval) -> Decided:
    """The end of a request, as the workflow reads it."""
    words = {
        "approved": f"approved by {approval.by}" + (f": {approval.reason}" if approval.reason else ""),
        "rejected": f"rejected by {approval.by}: {approval.reason}",
        "expired": f"nobody decided until {approval.expires_at}",
        "superseded": "a newer release took its place",
        "void": approval.reason or "the request was withdrawn",
    }
    assert approval.state != "open"  # noqa: S101 - the type checker's: callers looked
    return Decided(approval.state, words[approval.state])
