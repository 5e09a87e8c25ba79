"""AcquireLock: request the lock of the branch for this execution, without waiting if another holds it."""

from typing import Literal

from functions.adapters.locks_table import LocksTable
from functions.domain.locks import Contender, held
from functions.domain.values import Value
from functions.handler import Handler


class Input(Value, frozen=True):
    """The execution, and the key of the branch's lock."""

    work_id: str
    execution: str
    key: str


class Output(Value, frozen=True):
    """Whether the execution has the lock; if not, `reason` names the owner."""

    outcome: Literal["acquired", "busy"]
    reason: str = ""


HANDLER = Handler(allow=LocksTable.TAKE)


def acquire_lock(event: Input, locks: LocksTable) -> Output:
    """Request the lock. ReleaseLock, which always follows, also leaves its queue; a later poll tries again."""
    result = locks.request(event.key, Contender(event.execution, event.work_id, None, "works on its tasks"))
    return Output("acquired") if result.outcome == "acquired" else Output("busy", held(result.lock))
