"""AwaitBuild: leave a token for the build's event, then read the truth in case it has come already."""

from dataclasses import dataclass

from functions.adapters.builds import BuildEnd, Builds
from functions.adapters.clock import Clock
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import Wait, WaitsTable
from functions.handler import Handler
from functions.procedures.waits import KEEP, keep


@dataclass(frozen=True, slots=True)
class Input:
    """The build that is waited for, and by whom."""

    task_token: str
    execution: str
    deployment_id: str
    build_id: str


HANDLER = Handler(allow=(*KEEP, *Builds.READ, *Builds.STOP, *TaskTokens.COMPLETE))


def await_build(
    event: Input, waits: WaitsTable, builds: Builds, tokens: TaskTokens, executions: Executions, clock: Clock
) -> None:
    """Token first, then the question: an end between the two is seen by one or by the other."""
    key = build_key(event.build_id)
    if not keep(Wait(key, event.task_token, event.execution), waits, executions, clock):
        builds.stop(event.build_id)  # its end may have been heard while this wait was gone again
        tokens.succeed(event.task_token, BuildEnd("stopped", "who waited for it was stopped", ""))
        return
    end = builds.read(event.build_id)
    if end.outcome != "running":
        tokens.succeed(event.task_token, end)
        waits.forget(key)


def build_key(build_id: str) -> str:
    """Where the wait for a build is kept."""
    return f"build/{build_id}"
