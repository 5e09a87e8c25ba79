"""Requesting the lock of an environment: for AcquireLock, and for AwaitLock with the token of its wait."""

from typing import Literal

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.locks_table import LocksTable
from functions.domain.locks import Contender, Lease, LockResult
from functions.domain.order import Order, is_newer, overtaken
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.domain.waiting import for_lock
from functions.handler import Allow
from functions.procedures.pins import kept_out

REQUEST: tuple[Allow, ...] = (*LocksTable.WRITE, *EnvironmentsTable.READ, *DeploymentsTable.READ)


class LockRequest(Value, frozen=True):
    """The execution that requests the lock of an environment, its release, and the reason."""

    deployment_id: str
    execution: str
    environment: str
    release: Release
    reason: str
    rollback: bool = False


class Turn(Value, frozen=True):
    """The result of a request; `reason` says what it waits for, or why it is refused.

    `frozen`: the environment is frozen, or a part that the release changes was pinned.
    """

    outcome: Literal["acquired", "waiting", "superseded", "frozen"]
    reason: str = ""
    lease: Lease | None = None


def take_turn(
    request: LockRequest,
    locks: LocksTable,
    environments: EnvironmentsTable,
    executions: Executions,
    deployments: DeploymentsTable,
    token: str = "",
) -> Turn:
    """Request the lock; after it is acquired, check again whether its last owner froze the environment or is newer.

    A newer release that changes nothing here records that it passed and then reads the lock, so that one of both
    notices the other.
    """
    refused = _refused(request, environments, executions, deployments)
    if refused:
        return refused
    result = locks.request(locks.key(request.environment, request.release.repository), _contender(request), token)
    refused = _refused(request, environments, executions, deployments) if result.outcome == "acquired" else None
    return refused or Turn(result.outcome, _words(result, request.execution), result.lease)


def _words(result: LockResult, execution: str) -> str:
    """Why the lock is not acquired; empty once it is acquired."""
    if result.outcome == "waiting" and result.lock.owner:
        return for_lock(result.lock, result.lock.owner, execution).text
    return f"a newer release is already waiting for {result.lock.key}" if result.outcome == "superseded" else ""


def _refused(
    request: LockRequest, environments: EnvironmentsTable, executions: Executions, deployments: DeploymentsTable
) -> Turn | None:
    """The refusal of a release; None if it may enter.

    The environment is frozen (R5), a part is pinned (R14), or a newer release runs or passed (P3).
    """
    if request.rollback:
        return None
    frozen = environments.frozen(request.environment)
    if frozen:
        return Turn("frozen", frozen.describe(request.environment))
    pinned = kept_out(deployments.get(request.deployment_id), request.environment, environments)
    if pinned:
        return Turn("frozen", pinned)
    release = request.release
    newer = overtaken_by(release.repository, release.order, request.environment, environments, executions)
    if newer:
        return Turn("superseded", newer)
    for state in environments.parts(request.environment).values():
        ours = state.running and state.running.is_of(release.repository)
        if ours and state.running and is_newer(state.running.order, release.order):
            reason = f"{request.environment} already runs {state.running.commit[:12]} of {state.part}, which is newer"
            return Turn("superseded", reason)
    return None


def overtaken_by(
    repository: str, order: Order | None, environment: str, environments: EnvironmentsTable, executions: Executions
) -> str:
    """Why a newer release of the repository keeps one of this order out of an environment; "" if none does (P3)."""
    for service in (order.services if order else ()) or ("",):
        passage = environments.passage(environment, repository, service)
        newer = overtaken(order, passage, environment, executions.is_running)
        if newer:
            return newer
    return ""


def _contender(request: LockRequest) -> Contender:
    """The execution as the lock's queue stores it."""
    return Contender(
        request.execution,
        request.deployment_id,
        request.release.order,
        request.reason,
        request.rollback,
        request.release.repository,
    )
