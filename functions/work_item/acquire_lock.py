"""AcquireLock: take the branch for this execution; a branch that is another's is left to it, without waiting."""

from dataclasses import dataclass
from typing import Literal

from functions.adapters.locks_table import LocksTable
from functions.domain.locks import Contender, held
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """Who wants which branch; `key` is its lock."""

    work_id: str
    execution: str
    key: str


@dataclass(frozen=True, slots=True)
class Output:
    """Whether it is ours now; the reason says who holds it."""

    outcome: Literal["acquired", "busy"]
    reason: str = ""


HANDLER = Handler(allow=LocksTable.WRITE)


def acquire_lock(event: Input, locks: LocksTable) -> Output:
    """The poll asks again later, so nobody stands in line: ReleaseLock, which follows in any case, leaves it."""
    result = locks.request(event.key, Contender(event.execution, event.work_id, "", "works on its tasks"))
    return Output("acquired") if result.outcome == "acquired" else Output("busy", held(result.lock))
