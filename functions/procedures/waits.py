"""What an execution waits for, kept under its name, so that whoever ends the execution ends its waits too (P9)."""

from dataclasses import replace

from functions.adapters.builds import Builds
from functions.adapters.clock import Clock
from functions.adapters.executions import Executions
from functions.adapters.waits_table import Wait, WaitsTable
from functions.handler import Allow

KEEP: tuple[Allow, ...] = (*WaitsTable.WRITE, *Executions.ASK)
END: tuple[Allow, ...] = (*WaitsTable.READ, *WaitsTable.WRITE, *Builds.STOP)


def keep(wait: Wait, waits: WaitsTable, executions: Executions, clock: Clock) -> bool:
    """Remember a wait; of an execution that has ended nothing stays, and False says that the token may go.

        the handler runs ── stopped, its end is heard: nothing to end yet ── the wait is written ── asked: it has ended

    Written first, then asked: a stop between the two is seen by one or by the other.
    """
    waits.store(wait, clock.now())
    if not executions.has_ended(wait.execution):
        return True
    _end(wait, waits)
    return False


def end_all(execution: str, waits: WaitsTable, builds: Builds) -> list[str]:
    """Nothing of an execution goes on: its builds are stopped, its requests void; answers what was ended."""
    done = []
    for wait in waits.of_execution(execution):
        if wait.wait_key.startswith("build/"):
            builds.stop(wait.wait_key.removeprefix("build/"))
        _end(wait, waits)
        done.append(f"ended {wait.wait_key}")
    return done


def _end(wait: Wait, waits: WaitsTable) -> None:
    """Nobody waits any more: a request for approval is void, everything else is forgotten."""
    if not wait.wait_key.startswith("approval/"):
        waits.forget(wait.wait_key)
        return
    approval = waits.approval(wait.wait_key.removeprefix("approval/"))
    if approval and approval.state == "open":
        waits.decide(replace(approval, state="void", reason="the deployment that asked was stopped"))
