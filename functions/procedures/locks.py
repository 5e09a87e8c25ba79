"""Requesting the lock of an environment: for AcquireLock, and for AwaitLock with the token of its wait."""

from dataclasses import dataclass
from typing import Literal

from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.domain.locks import Contender, Lease, explain
from functions.domain.releases import Release
from functions.handler import Allow

REQUEST: tuple[Allow, ...] = (*LocksTable.WRITE, *EnvironmentsTable.READ)


@dataclass(frozen=True, slots=True)
class LockRequest:
    """The execution that requests the lock of an environment, its release, and the reason."""

    deployment_id: str
    execution: str
    environment: str
    release: Release
    reason: str
    rollback: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """The result of a request; `reason` names the lock's owner, the time and the next step."""

    outcome: Literal["acquired", "waiting", "superseded", "frozen"]
    reason: str = ""
    lease: Lease | None = None


def take_turn(request: LockRequest, locks: LocksTable, environments: EnvironmentsTable, token: str = "") -> Turn:
    """Request the lock; after it is acquired, check again whether its last owner froze the environment or is newer."""
    refused = _refused(request, environments)
    if refused:
        return refused
    result = locks.request(locks.key(request.environment, request.release.repository), _contender(request), token)
    refused = _refused(request, environments) if result.outcome == "acquired" else None
    return refused or Turn(result.outcome, explain(result), result.lease)


def _refused(request: LockRequest, environments: EnvironmentsTable) -> Turn | None:
    """The refusal of a release if the environment is frozen (R5) or runs a newer release (P3); None otherwise."""
    if request.rollback:
        return None
    frozen = environments.frozen(request.environment)
    if frozen:
        return Turn("frozen", frozen.describe(request.environment))
    for state in environments.parts(request.environment).values():
        ours = state.running and state.running.source.startswith(f"sources/{request.release.repository}/")
        if ours and state.running and state.running.committed_at > request.release.committed_at:
            reason = f"{request.environment} already runs {state.running.commit[:12]} of {state.part}, which is newer"
            return Turn("superseded", reason)
    return None


def _contender(request: LockRequest) -> Contender:
    """The execution as the lock's queue stores it; releases are ordered by the time of their commit."""
    return Contender(
        request.execution,
        request.deployment_id,
        request.release.committed_at,
        request.reason,
        request.rollback,
        request.release.repository,
    )
