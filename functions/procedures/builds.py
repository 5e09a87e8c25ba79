"""Builds that an execution starts and waits for: they belong to it, and end with it (P7, P9).

The build queue of an account has a limit. An order that finds it full is kept as a wait (`queued/…`). It is given again
at each backstop, until there is a place or its time in the queue is over.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.adapters.builds import BuildEnd, BuildOrder, Builds
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.executions import Executions
from functions.adapters.records import stored
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain import budgets
from functions.domain.waits import BuildKey, QueuedKey, Wait
from functions.handler import Allow, decode
from functions.procedures.waits import KEEP, keep

START: tuple[Allow, ...] = (*Builds.START, *Builds.STOP, *DeploymentsTable.WRITE, *KEEP)
AWAIT: tuple[Allow, ...] = (*START, *Builds.READ, *TaskTokens.COMPLETE)
_QUEUED = str(QueuedKey(""))


@dataclass(frozen=True, slots=True)
class StartedBuild:
    """The build that runs now, or the key of its order while the build queue of the account is full."""

    build_id: str


@dataclass(frozen=True, slots=True)
class AwaitedBuild:
    """The build that is waited for, or its order, and by whom."""

    task_token: str
    execution: str
    deployment_id: str
    build_id: str


@dataclass(frozen=True, slots=True)
class Queued:
    """An order that the account has no place for; `since` is ISO 8601, `build_id` is set once it was taken."""

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
    """The build; while the queue is full, the key of its order, for which AwaitBuild waits."""
    started = builds.start(order)
    if started.outcome == "started":
        belong(started.build_id, execution, builds, waits, executions, clock)
        return StartedBuild(started.build_id)
    key = QueuedKey(order.token)
    if keep(_wait(key, execution, Queued(order, deployment_id, clock.text())), waits, executions, clock):
        deployments.note_known(deployment_id, status="waiting", reason=_why(started.reason))
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
    """Token first, then the query: an end between the two is observed by one or by the other."""
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
    """Note whose build this is, and stop it when that one has ended already; nobody's build (empty) is left alone."""
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
        builds.stop(build_id)  # its end may have been handled while this wait was gone again
        tokens.succeed(event.task_token, BuildEnd("stopped", "who waited for it was stopped", ""))
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
    """The id of an order's build; "" while the queue is full; or how its wait ended without a build."""
    wait = waits.get(key)
    if wait is None:
        return BuildEnd("stopped", "who waited for it was stopped", "")
    queued = decode(Queued, wait.facts["order"])
    if queued.build_id:
        return queued.build_id
    started = builds.start(queued.build)
    if started.outcome == "started":
        belong(started.build_id, wait.execution, builds, waits, executions, clock)
        taken = replace(queued, build_id=started.build_id)
        keep(_wait(key, wait.execution, taken), waits, executions, clock)
        deployments.note_known(queued.deployment_id, status="running", reason="")
        return started.build_id
    if clock.now() - datetime.fromisoformat(queued.since) < timedelta(minutes=budgets.QUEUE):
        return ""
    waits.forget(key)
    return BuildEnd("not started", f"after {budgets.QUEUE} min, {_why(started.reason)}", "")


def _wait(key: QueuedKey, execution: str, queued: Queued) -> Wait:
    return Wait(key, "", execution, facts={"order": stored(queued)})


def _why(answer: str) -> str:
    return (
        f"the build queue of the account is full: {answer}; "
        "raise its quota of concurrently running builds in Service Quotas, or wait"
    )
