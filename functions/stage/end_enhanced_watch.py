"""EndEnhancedWatch: a deployment that takes the environment ends the long watch of the one before (R8)."""

from dataclasses import dataclass

from functions.adapters.executions import Executions
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.adapters.workflows import EnhancedWatches
from functions.domain.releases import Release
from functions.domain.waits import WatchKey
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """Who has the environment now, and for which release."""

    deployment_id: str
    execution: str
    environment: str
    release: Release


@dataclass(frozen=True, slots=True)
class Output:
    """The watches that were ended."""

    ended: tuple[str, ...]


HANDLER = Handler(allow=(*WaitsTable.READ, *Executions.READ, *Executions.STOP))


def end_enhanced_watch(
    event: Input, waits: WaitsTable, executions: Executions, enhanced: EnhancedWatches, locks: LocksTable
) -> Output:
    """Stages watch here too, and are never stopped; nor is who would take another lock than ours to go back."""

    def under(repository: str) -> str:
        return locks.key(event.environment, repository)

    watching = {
        wait.execution
        for wait in waits.of_environment(event.environment)
        if isinstance(wait.key, WatchKey)
        and enhanced.owns(wait.execution)
        and under(executions.input(wait.execution)["release"]["repository"]) == under(event.release.repository)
    }
    for execution in sorted(watching):
        executions.stop(execution, f"{event.deployment_id} has taken {event.environment}")
    return Output(tuple(sorted(watching)))
