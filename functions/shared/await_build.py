"""AwaitBuild: leave a token for the build's event, then read the truth in case it has come already."""

from dataclasses import dataclass

from functions.adapters.builds import BuildEnd, Builds
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import Wait, WaitsTable
from functions.handler import Handler
from functions.procedures.builds import START, build_key, is_queued, start_queued
from functions.procedures.waits import keep


@dataclass(frozen=True, slots=True)
class Input:
    """The build that is waited for, or its order, and by whom."""

    task_token: str
    execution: str
    deployment_id: str
    build_id: str


HANDLER = Handler(allow=(*START, *Builds.READ, *TaskTokens.COMPLETE))


def await_build(
    event: Input,
    waits: WaitsTable,
    builds: Builds,
    deployments: DeploymentsTable,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> None:
    """Token first, then the question: an end between the two is seen by one or by the other.

    An order that waits for a place in the account's queue is given again at each backstop.
    """
    found: str | BuildEnd = event.build_id
    if is_queued(event.build_id):
        found = start_queued(event.build_id, builds, deployments, waits, executions, clock)
    if isinstance(found, BuildEnd):
        tokens.succeed(event.task_token, found)
    elif found:
        _await(found, event, waits, builds, tokens, executions, clock)


def _await(
    build_id: str,
    event: Input,
    waits: WaitsTable,
    builds: Builds,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> None:
    key = build_key(build_id)
    if not keep(Wait(key, event.task_token, event.execution), waits, executions, clock):
        builds.stop(build_id)  # its end may have been heard while this wait was gone again
        tokens.succeed(event.task_token, BuildEnd("stopped", "who waited for it was stopped", ""))
        return
    end = builds.read(build_id)
    if end.outcome != "running":
        tokens.succeed(event.task_token, end)
        waits.forget(key)
