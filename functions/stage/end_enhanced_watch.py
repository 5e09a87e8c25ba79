"""EndEnhancedWatch: a deployment that takes the environment ends the long watch of the one before (R8)."""

from dataclasses import dataclass

from functions.adapters.executions import Executions
from functions.adapters.waits_table import WaitsTable
from functions.entry import Room


@dataclass(frozen=True, slots=True)
class Input:
    """Who has the environment now."""

    deployment_id: str
    execution: str
    environment: str


@dataclass(frozen=True, slots=True)
class Output:
    """The watches that were ended."""

    ended: tuple[str, ...]


ROOM = Room(allow=(*WaitsTable.READ, *Executions.STOP))


def end_enhanced_watch(event: Input, waits: WaitsTable, executions: Executions) -> Output:
    """Under the lock no stage watches here but this one, so every other watch is an enhanced one."""
    watching = {
        wait.execution
        for wait in waits.of_environment(event.environment)
        if wait.wait_key.startswith("watch/") and wait.execution != event.execution
    }
    for execution in sorted(watching):
        executions.stop(execution, f"{event.deployment_id} has taken {event.environment}")
    return Output(tuple(sorted(watching)))
