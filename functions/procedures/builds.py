"""Builds that an execution starts and waits for; they end with the execution (P7, P9).

The build queue of an account has a limit. If it is full, the order is stored as a wait (`queued/…`) and repeated at
each backstop, until CodeBuild accepts it or the order's time limit has passed. An order that CodeBuild refuses, because
its project is gone, is stored and repeated once. Both end as `not started`: no command of the build has run.
"""

from datetime import datetime, timedelta
from typing import assert_never

from msgspec.structs import replace

from functions.adapters.builds import BuildEnd, BuildOrder, Builds, BuildStart
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.executions import Executions
from functions.adapters.records import stored
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain import budgets
from functions.domain.values import Value
from functions.domain.waits import BuildKey, QueuedKey, Wait
from functions.handler import Allow, decode
from functions.procedures.waits import KEEP, keep

START: tuple[Allow, ...] = (*Builds.START, *Builds.STOP, *DeploymentsTable.WRITE, *KEEP)
AWAIT: tuple[Allow, ...] = (*START, *Builds.READ, *TaskTokens.COMPLETE)
_QUEUED = str(QueuedKey(""))


class StartedBuild(Value, frozen=True):
    """The id of the started build, or the key of its order while CodeBuild has not taken it."""

    build_id: str


class AwaitedBuild(Value, frozen=True):
    """The id of the build or the key of its order, and the execution that waits for it."""

    task_token: str
    execution: str
    deployment_id: str
    build_id: str


class Queued(Value, frozen=True):
    """An order that CodeBuild has not taken; `since` is ISO 8601, `build_id` is set when it was accepted."""

    build: BuildOrder
    deployment_id: str
    since: str
    build_id: str = ""


def start(
    order: BuildOrder,
    deployment_id: str,
    execution: str,
    builds: Builds,
    deployments: DeploymentsTable,
    waits: WaitsTable,
    executions: Executions,
    clock: Clock,
) -> StartedBuild:
    """Start a build that belongs to the execution; if it is not taken, store its order, which AwaitBuild repeats."""
    started = builds.start(order)
    if started.outcome == "started":
        belong(started.build_id, execution, builds, waits, executions, clock)
        return StartedBuild(started.build_id)
    key = QueuedKey(order.token)
    kept = keep(_wait(key, execution, Queued(order, deployment_id, clock.text())), waits, executions, clock)
    if kept and started.outcome == "queue full":
        deployments.note_known(deployment_id, status="waiting", reason=_why(started, order))
    return StartedBuild(str(key))


def await_end(
    event: AwaitedBuild,
    waits: WaitsTable,
    builds: Builds,
    deployments: DeploymentsTable,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> None:
    """Store the token, then query the build: the event or the query notices an end between the two.

    If the build has not been started yet, its order is repeated first.
    """
    found: str | BuildEnd = event.build_id
    if event.build_id.startswith(_QUEUED):
        key = QueuedKey(event.build_id.removeprefix(_QUEUED))
        found = _start_queued(key, builds, deployments, waits, executions, clock)
    if isinstance(found, BuildEnd):
        tokens.succeed(event.task_token, found)
    elif found:
        _await(found, event, waits, builds, tokens, executions, clock)


def belong(
    build_id: str, execution: str, builds: Builds, waits: WaitsTable, executions: Executions, clock: Clock
) -> None:
    """Record that a build belongs to an execution, and stop it if that has ended; execution "" records nothing."""
    if execution and not keep(Wait(BuildKey(build_id), "", execution), waits, executions, clock):
        builds.stop(build_id)


def _await(
    build_id: str,
    event: AwaitedBuild,
    waits: WaitsTable,
    builds: Builds,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> None:
    key = BuildKey(build_id)
    if not keep(Wait(key, event.task_token, event.execution), waits, executions, clock):
        builds.stop(build_id)  # the event of the execution's end may have found no wait
        tokens.succeed(event.task_token, BuildEnd("stopped", "the execution that waited for it was stopped", ""))
        return
    end = builds.read(build_id)
    if end.outcome != "running":
        tokens.succeed(event.task_token, end)
        waits.forget(key)


def _start_queued(
    key: QueuedKey,
    builds: Builds,
    deployments: DeploymentsTable,
    waits: WaitsTable,
    executions: Executions,
    clock: Clock,
) -> str | BuildEnd:
    """The id of an order's build, "" while the queue is full, or the end of an order that was never accepted."""
    wait = waits.get(key)
    if wait is None:
        return BuildEnd("stopped", "the execution that waited for it was stopped", "")
    queued = decode(Queued, wait.facts["order"])
    if queued.build_id:
        return queued.build_id
    started = builds.start(queued.build)
    if started.outcome == "started":
        belong(started.build_id, wait.execution, builds, waits, executions, clock)
        accepted = replace(queued, build_id=started.build_id)
        keep(_wait(key, wait.execution, accepted), waits, executions, clock)
        deployments.note_known(queued.deployment_id, status="running", reason="")
        return started.build_id
    late = clock.now() - datetime.fromisoformat(queued.since) >= timedelta(minutes=budgets.QUEUE)
    if started.outcome == "queue full" and not late:
        return ""
    waits.forget(key)
    after = f"after {budgets.QUEUE} min, " if started.outcome == "queue full" else ""
    return BuildEnd("not started", after + _why(started, queued.build), "")


def _wait(key: QueuedKey, execution: str, queued: Queued) -> Wait:
    return Wait(key, "", execution, facts={"order": stored(queued)})


def _why(refused: BuildStart, order: BuildOrder) -> str:
    """Why an order was not taken, and the next step; "" for one that was."""
    match refused.outcome:
        case "queue full":
            return (
                f"the build queue of the account is full: {refused.reason}; "
                "raise its quota of concurrently running builds in Service Quotas, or wait"
            )
        case "refused":
            return (
                f"CodeBuild refused to build in the project {order.project}: {refused.reason}; if its environment was "
                "removed from the stack, `kiro-worker status` shows what is left, else `pulumi up` mends the project"
            )
        case "started":
            return ""
        case _:
            assert_never(refused.outcome)
