"""AcquireLock: take the environment for this execution, join its queue, or learn why not."""

from dataclasses import dataclass
from typing import Literal

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.domain.locks import Answer, Contender, Lease, Lock
from functions.domain.releases import Release
from functions.entry import Room


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


ROOM = Room(allow=(*LocksTable.WRITE, *EnvironmentsTable.READ, *DeploymentsTable.WRITE))


def acquire_lock(
    event: Input, locks: LocksTable, environments: EnvironmentsTable, deployments: DeploymentsTable
) -> Output:
    """A frozen environment is left alone, except by a rollback."""
    frozen = None if event.rollback else environments.frozen(event.environment)
    if frozen:
        reason = f"{event.environment} is frozen since {frozen.since} by {frozen.by}: {frozen.reason}"
        return Output("frozen", reason)
    answer = locks.request(lock_key(event.environment), contender(event))
    status = "running" if answer.outcome == "acquired" else answer.outcome
    deployments.enter(event.deployment_id, event.environment, status)
    return Output(answer.outcome, explain(answer), answer.lease)


def contender(event: Input) -> Contender:
    """How an execution stands in line: releases by the time of their commit."""
    return Contender(event.execution, event.deployment_id, event.release.committed_at, event.reason, event.rollback)


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


def lock_key(environment: str) -> str:
    """The lock of an environment."""
    return f"environment/{environment}"
