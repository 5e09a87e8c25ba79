"""Builds belong to their execution from the start; while the account's build queue is full, their order waits.

    StartBuild ──taken──▶ build/{id}
        └──queue full──▶ queued/{token} ──asked again at each backstop of AwaitBuild──▶ build/{id}
                               └──full for longer than its budget──▶ not started

Like a release that waits for a lock, an order is found under its execution, and goes when that one ends (P9).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.adapters.builds import BuildEnd, BuildOrder, Builds
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.executions import Executions
from functions.adapters.records import stored
from functions.adapters.waits_table import Wait, WaitsTable
from functions.domain import budgets
from functions.handler import Allow, decode
from functions.procedures.waits import KEEP, keep

START: tuple[Allow, ...] = (*Builds.START, *Builds.STOP, *DeploymentsTable.WRITE, *KEEP)
_QUEUED = "queued/"


@dataclass(frozen=True, slots=True)
class Queued:
    """An order that the account has no place for; `since` is ISO 8601, `build_id` is set once it was taken."""

    build: BuildOrder
    deployment_id: str
    since: str
    build_id: str = ""


def build_key(build_id: str) -> str:
    """Where the wait for a build is kept."""
    return f"build/{build_id}"


def start(
    order: BuildOrder,
    deployment_id: str,
    execution: str,
    builds: Builds,
    deployments: DeploymentsTable,
    waits: WaitsTable,
    executions: Executions,
    clock: Clock,
) -> str:
    """The build's id; while the queue is full, the key of its order, for which AwaitBuild waits."""
    started = builds.start(order)
    if started.outcome == "started":
        belong(started.build_id, execution, builds, waits, executions, clock)
        return started.build_id
    queued = Queued(order, deployment_id, clock.text())
    if keep(_wait(f"{_QUEUED}{order.token}", execution, queued), waits, executions, clock):
        deployments.note_known(deployment_id, status="waiting", reason=_why(started.reason))
    return f"{_QUEUED}{order.token}"


def is_queued(build_id: str) -> bool:
    """Whether `start` answered with an order instead of a build."""
    return build_id.startswith(_QUEUED)


def start_queued(
    key: str,
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


def belong(
    build_id: str, execution: str, builds: Builds, waits: WaitsTable, executions: Executions, clock: Clock
) -> None:
    """Note whose build this is, and stop it when that one has ended already; nobody's build (empty) is left alone."""
    if execution and not keep(Wait(build_key(build_id), "", execution), waits, executions, clock):
        builds.stop(build_id)


def _wait(key: str, execution: str, queued: Queued) -> Wait:
    return Wait(key, "", execution, facts={"order": stored(queued)})


def _why(answer: str) -> str:
    return (
        f"the build queue of the account is full: {answer}; "
        "raise its quota of concurrently running builds in Service Quotas, or wait"
    )
