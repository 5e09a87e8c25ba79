"""EndEnhancedWatch: a deployment that takes the environment ends the long watch of the one before (R8)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.executions import Executions
from functions.adapters.waits_table import WaitsTable
from functions.entry import Room

if TYPE_CHECKING:
    from functions.runtime import Clients


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


ROOM = Room(allow=(*WaitsTable.READ, *Executions.STOP))


def end_enhanced_watch(event: Input, waits: WaitsTable, executions: Executions, enhanced: EnhancedWatches) -> Output:
    """Stages watch here too: where repositories do not wait for one another, another's must not be stopped."""
    watching = {
        wait.execution
        for wait in waits.of_environment(event.environment)
        if wait.wait_key.startswith("watch/") and enhanced.owns(wait.execution)
    }
    for execution in sorted(watching):
        executions.stop(execution, f"{event.deployment_id} has taken {event.environment}")
    return Output(tuple(sorted(watching)))
