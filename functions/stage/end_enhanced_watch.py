"""EndEnhancedWatch: a deployment that enters the environment ends the enhanced watch of the one before (R8)."""

from functions.adapters.executions import Executions
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.adapters.workflows import EnhancedWatches
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.domain.waits import WatchKey
from functions.handler import Handler


class Input(Value, frozen=True):
    """The execution that holds the lock of the environment, and its release."""

    deployment_id: str
    execution: str
    environment: str
    release: Release


class Output(Value, frozen=True):
    """The ARNs of the executions that were stopped."""

    ended: tuple[str, ...]


HANDLER = Handler(allow=(*WaitsTable.FIND, *Executions.READ, *Executions.STOP))


def end_enhanced_watch(
    event: Input, waits: WaitsTable, executions: Executions, enhanced: EnhancedWatches, locks: LocksTable
) -> Output:
    """Stop the enhanced watches of the same lock; watches of stages, and of other locks, continue."""

    def lock_of(repository: str) -> str:
        return locks.key(event.environment, repository)

    watching = {
        wait.execution
        for wait in waits.of_environment(event.environment)
        if isinstance(wait.key, WatchKey)
        and enhanced.owns(wait.execution)
        and lock_of(executions.input(wait.execution)["release"]["repository"]) == lock_of(event.release.repository)
    }
    for execution in sorted(watching):
        executions.stop(execution, f"{event.deployment_id} has entered {event.environment}")
    return Output(tuple(sorted(watching)))
