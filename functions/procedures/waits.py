"""The waits of an execution, stored with its name, so that they can be ended with it (P9)."""

from typing import assert_never

from msgspec.structs import replace

from functions.adapters.builds import Builds
from functions.adapters.clock import Clock
from functions.adapters.executions import Executions
from functions.adapters.waits_table import WaitsTable
from functions.domain.ends import WaitEnded
from functions.domain.waits import AlarmsKey, ApprovalKey, BuildKey, QueuedKey, RolloutKey, UnfreezeKey, Wait, WatchKey
from functions.handler import Allow

KEEP: tuple[Allow, ...] = (*WaitsTable.WRITE, *Executions.READ)
END: tuple[Allow, ...] = (*WaitsTable.FIND, *WaitsTable.WRITE, *Builds.STOP)


def keep(wait: Wait, waits: WaitsTable, executions: Executions, clock: Clock) -> bool:
    """Store a wait; returns False, and stores nothing, if the execution has ended and nobody will use the token.

    The wait is written before the execution is read. If the execution is stopped before the write, this read notices
    it; if it is stopped after the write, the handler of its end finds the wait.
    """
    waits.store(wait, clock.now())
    if not executions.has_ended(wait.execution):
        return True
    _forget(wait, waits)
    return False


def end_all(execution: str, waits: WaitsTable, builds: Builds) -> list[WaitEnded]:
    """End all waits of an execution: builds are stopped, requests become void; returns the ended waits."""
    return [_end(wait, waits, builds) for wait in waits.of_execution(execution)]


def _end(wait: Wait, waits: WaitsTable, builds: Builds) -> WaitEnded:
    if isinstance(wait.key, BuildKey):
        builds.stop(wait.key.build_id)
    _forget(wait, waits)
    return WaitEnded(wait.key)


def _forget(wait: Wait, waits: WaitsTable) -> None:
    """Remove a wait; an open request for approval becomes void instead."""
    match wait.key:
        case ApprovalKey(approval_id):
            approval = waits.approval(approval_id)
            if approval and approval.state == "open":
                waits.decide(replace(approval, state="void", reason="its deployment was stopped"))
        case BuildKey() | QueuedKey() | WatchKey() | AlarmsKey() | UnfreezeKey() | RolloutKey():
            waits.forget(wait.key)
        case _:
            assert_never(wait.key)
