"""ReleaseLock: grant the lock to the next execution in the queue, or free it."""

from functions.adapters.locks_table import LocksTable
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.handler import Handler


class Input(Value, frozen=True):
    """The owner, and its lock: that of `environment` for `release`, or the one of `key`."""

    deployment_id: str
    execution: str
    environment: str = ""
    release: Release | None = None
    key: str = ""


class Output(Value, frozen=True):
    """The execution that has the lock now; "" if it is free."""

    next_owner: str


HANDLER = Handler(allow=LocksTable.WRITE)


def release_lock(event: Input, locks: LocksTable) -> Output:
    """Release the lock; if the execution does not hold it, nothing changes."""
    key = locks.key(event.environment, event.release.repository) if event.release else event.key
    lock = locks.release(key, event.execution).lock
    return Output(lock.owner.execution if lock.owner else "")
