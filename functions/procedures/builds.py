"""Builds that an execution starts and waits for; they end with the execution (P7, P9)."""

from dataclasses import dataclass

from functions.adapters.builds import BuildEnd, Builds
from functions.adapters.clock import Clock
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.waits import BuildKey, Wait
from functions.handler import Allow
from functions.procedures.waits import KEEP, keep

AWAIT: tuple[Allow, ...] = (*KEEP, *Builds.READ, *Builds.STOP, *TaskTokens.COMPLETE)
START: tuple[Allow, ...] = (*Builds.START, *Builds.STOP, *KEEP)


@dataclass(frozen=True, slots=True)
class StartedBuild:
    """The id of the started build."""

    build_id: str


@dataclass(frozen=True, slots=True)
class AwaitedBuild:
    """The build, and the execution that waits for it."""

    task_token: str
    execution: str
    deployment_id: str
    build_id: str


def await_end(
    event: AwaitedBuild, waits: WaitsTable, builds: Builds, tokens: TaskTokens, executions: Executions, clock: Clock
) -> None:
    """Store the token, then query the build: the event or the query notices an end between the two."""
    key = BuildKey(event.build_id)
    if not keep(Wait(key, event.task_token, event.execution), waits, executions, clock):
        builds.stop(event.build_id)  # the event of the execution's end may have found no wait
        tokens.succeed(event.task_token, BuildEnd("stopped", "the execution that waited for it was stopped", ""))
        return
    end = builds.read(event.build_id)
    if end.outcome != "running":
        tokens.succeed(event.task_token, end)
        waits.forget(key)


def belong(
    build_id: str, execution: str, builds: Builds, waits: WaitsTable, executions: Executions, clock: Clock
) -> None:
    """Record that a build belongs to an execution, and stop it if that has ended; execution "" records nothing."""
    if execution and not keep(Wait(BuildKey(build_id), "", execution), waits, executions, clock):
        builds.stop(build_id)
