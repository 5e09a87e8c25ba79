"""AcquireLock: take the environment for this execution, join its queue, or learn why not."""

from dataclasses import dataclass
from typing import Literal

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.domain.locks import Answer, Contender, Lease, Lock
from functions.domain.releases import Release
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """Who wants which environment, and why."""

    deployment_id: str
    execution: str
    environment: str
    release: Release
    reason: str
    rollback: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """What became of the request; the reason says who holds the lock, since when and what to do."""

    outcome: Literal["acquired", "waiting", "superseded", "frozen"]
    reason: str = ""
    lease: Lease | None = None


HANDLER = Handler(allow=(*LocksTable.WRITE, *EnvironmentsTable.READ, *DeploymentsTable.WRITE))


def acquire_lock(
    event: Input, locks: LocksTable, environments: EnvironmentsTable, deployments: DeploymentsTable
) -> Output:
    """A frozen environment is left alone, except by a rollback."""
    output = turn(event, locks, environments)
    if output.outcome != "frozen":
        status = "running" if output.outcome == "acquired" else output.outcome
        deployments.enter(event.deployment_id, event.environment, status)
    return output


def turn(event: Input, locks: LocksTable, environments: EnvironmentsTable, token: str = "") -> Output:
    """Ask for the lock; looked at again once it is ours, for its last owner may have frozen or overtaken us."""
    refused = _refused(event, environments)
    if refused:
        return refused
    answer = locks.request(locks.key(event.environment, event.release.repository), contender(event), token)
    refused = _refused(event, environments) if answer.outcome == "acquired" else None
    return refused or Output(answer.outcome, explain(answer), answer.lease)


def _refused(event: Input, environments: EnvironmentsTable) -> Output | None:
    """Why a release may not enter, lock or not: the environment is frozen (R5), or runs a newer one (P3)."""
    if event.rollback:
        return None
    frozen = environments.frozen(event.environment)
    if frozen:
        return Output("frozen", frozen.told(event.environment))
    for state in environments.parts(event.environment).values():
        ours = state.running and state.running.source.startswith(f"sources/{event.release.repository}/")
        if ours and state.running and state.running.committed_at > event.release.committed_at:
            reason = f"{event.environment} runs {state.running.commit[:12]} of {state.part} already, which is newer"
            return Output("superseded", reason)
    return None


def contender(event: Input) -> Contender:
    """How an execution stands in line: releases by the time of their commit."""
    return Contender(
        event.execution,
        event.deployment_id,
        event.release.committed_at,
        event.reason,
        event.rollback,
        event.release.repository,
    )


def explain(answer: Answer) -> str:
    """Who holds the lock, why, since when, and what to do about it."""
    if answer.outcome == "acquired":
        return ""
    if answer.outcome == "superseded":
        return f"a newer release waits for {answer.lock.key} already"
    return f"{held(answer.lock)}; waiting at place {len(answer.lock.waiters)}"


def held(lock: Lock) -> str:
    """The owner of a lock, in words with a next step."""
    if lock.owner is None:
        return f"{lock.key} is free"
    owner = lock.owner
    return (
        f"{lock.key} is held by {owner.deployment_id} ({owner.reason}) since {lock.since}; "
        f"it ends with that execution, which can be stopped: {owner.execution}"
    )
