"""EndEnhancedWatch: a deployment that takes the environment ends the long watch of the one before (R8)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.executions import Executions
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.releases import Release
from functions.handler import Handler

if TYPE_CHECKING:
    from functions.runtime import Clients


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


class EnhancedWatches:
    """The executions that watch on after a release has passed."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("ENHANCED_WATCH_WORKFLOW",)

    def __init__(self, workflow: str) -> None:
        self._start = workflow.replace(":stateMachine:", ":execution:") + ":"

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Those of this stack."""
        return cls(aws.setting("ENHANCED_WATCH_WORKFLOW"))

    def owns(self, execution: str) -> bool:
        """Whether an execution is one of them."""
        return execution.startswith(self._start)


HANDLER = Handler(allow=(*WaitsTable.READ, *Executions.ASK, *Executions.STOP))


def end_enhanced_watch(
    event: Input, waits: WaitsTable, executions: Executions, enhanced: EnhancedWatches, locks: LocksTable
) -> Output:
    """Stages watch here too, and are never stopped; nor is who would take another lock than ours to go back."""

    def under(repository: str) -> str:
        return locks.key(event.environment, repository)

    watching = {
        wait.execution
        for wait in waits.of_environment(event.environment)
        if wait.wait_key.startswith("watch/")
        and enhanced.owns(wait.execution)
        and under(executions.input(wait.execution)["release"]["repository"]) == under(event.release.repository)
    }
    for execution in sorted(watching):
        executions.stop(execution, f"{event.deployment_id} has taken {event.environment}")
    return Output(tuple(sorted(watching)))
