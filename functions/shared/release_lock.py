"""ReleaseLock: give the environment to the next in line, or free it."""

from dataclasses import dataclass

from functions.adapters.locks_table import LocksTable
from functions.domain.releases import Release
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """Whose lock ends: that of an environment, or another by its key."""

    deployment_id: str
    execution: str
    environment: str = ""
    release: Release | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """Who has it now; nobody when it is free."""

    next_owner: str


HANDLER = Handler(allow=LocksTable.WRITE)


def release_lock(event: Input, locks: LocksTable) -> Output:
    """Releasing what is not held changes nothing, so this may come twice."""
    key = locks.key(event.environment, event.release.repository) if event.release else event.key
    lock = locks.release(key, event.execution).lock
    return Output(lock.owner.execution if lock.owner else "")
