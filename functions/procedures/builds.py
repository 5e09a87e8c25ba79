"""Builds that an execution starts and waits for: they belong to it, and end with it (P7, P9)."""

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
    """The build that runs now."""

    build_id: str


@dataclass(frozen=True, slots=True)
class AwaitedBuild:
    """The build that is waited for, and by whom."""

    task_token: str
    execution: str
    deployment_id: str
    build_id: str


def await_end(
    event: AwaitedBuild, waits: WaitsTable, builds: Builds, tokens: TaskTokens, executions: Executions, clock: Clock
) -> None:
    """Token first, then the query: an end between the two is seen by one or by the other."""
    key = BuildKey(event.build_id)
    if not keep(Wait(key, event.task_token, event.execution), waits, executions, clock):
        builds.stop(event.build_id)  # its end may have been heard while this wait was gone again
        tokens.succeed(event.task_token, BuildEnd("stopped", "who waited for it was stopped", ""))
        return
    end = builds.read(event.build_id)
    if end.outcome != "running":
        tokens.succeed(event.task_token, end)
        waits.forget(key)


def belong(
    build_id: str, execution: str, builds: Builds, waits: WaitsTable, executions: Executions, clock: Clock
) -> None:
    """Note whose build this is, and stop it when that one has ended already; nobody's build (empty) is left alone."""
    if execution and not keep(Wait(BuildKey(build_id), "", execution), waits, executions, clock):
        builds.stop(build_id)
