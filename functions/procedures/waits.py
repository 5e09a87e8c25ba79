"""What an execution waits for, kept under its name, so that whoever ends the execution ends its waits too (P9)."""

from dataclasses import replace
from typing import assert_never

from functions.adapters.builds import Builds
from functions.adapters.clock import Clock
from functions.adapters.executions import Executions
from functions.adapters.waits_table import WaitsTable
from functions.domain.ends import WaitEnded
from functions.domain.waits import ApprovalKey, BuildKey, Wait, WatchKey
from functions.handler import Allow

KEEP: tuple[Allow, ...] = (*WaitsTable.WRITE, *Executions.READ)
END: tuple[Allow, ...] = (*WaitsTable.READ, *WaitsTable.WRITE, *Builds.STOP)


def keep(wait: Wait, waits: WaitsTable, executions: Executions, clock: Clock) -> bool:
    """Remember a wait; of an execution that has ended nothing stays, and False says that the token may go.

        the handler runs ── stopped, its end is heard: nothing to end yet ── the wait is written ── read: it has ended

    Written first, then read: a stop between the two is seen by one or by the other.
    """
    waits.store(wait, clock.now())
    if not executions.has_ended(wait.execution):
        return True
    _forget(wait, waits)
    return False


def end_all(execution: str, waits: WaitsTable, builds: Builds) -> list[WaitEnded]:
    """Nothing of an execution goes on: its builds are stopped, its requests void; answers what was ended."""
    return [_end(wait, waits, builds) for wait in waits.of_execution(execution)]


def _end(wait: Wait, waits: WaitsTable, builds: Builds) -> WaitEnded:
    if isinstance(wait.key, BuildKey):
        builds.stop(wait.key.build_id)
    _forget(wait, waits)
    return WaitEnded(wait.key)


def _forget(wait: Wait, waits: WaitsTable) -> None:
    """Nobody waits any more: a request for approval is void, everything else is forgotten."""
    match wait.key:
        case ApprovalKey(approval_id):
            approval = waits.approval(approval_id)
            if approval and approval.state == "open":
                waits.decide(replace(approval, state="void", reason="its deployment was stopped"))
        case BuildKey() | WatchKey():
            waits.forget(wait.key)
        case _:
            assert_never(wait.key)
