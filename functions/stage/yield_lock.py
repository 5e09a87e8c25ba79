"""YieldLock: give the lock to the next in the queue, because the release has to wait before it changes anything."""

from functions.adapters.locks_table import LocksTable
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.handler import Handler


class Input(Value, frozen=True):
    """The execution that owns the lock of the environment, or stands in its queue."""

    deployment_id: str
    execution: str
    environment: str
    release: Release


class Output(Value, frozen=True):
    """The execution that has the lock now; "" if it is free."""

    next_owner: str


HANDLER = Handler(allow=LocksTable.WRITE)


def yield_lock(event: Input, locks: LocksTable) -> Output:
    """Release the lock, or leave its queue. The release requests the lock again, behind those that wait for it."""
    lock = locks.release(locks.key(event.environment, event.release.repository), event.execution).lock
    return Output(lock.owner.execution if lock.owner else "")
