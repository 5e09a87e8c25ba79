"""Reads what the console shows. Everything is read for each page, but for alarms."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.clock import Clock
from functions.adapters.definitions import READ as DEFINITION
from functions.adapters.definitions import Carried
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.drawings import phase_of
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions, execution_arn
from functions.adapters.locks_table import LocksTable
from functions.adapters.state_trails import StateTrails
from functions.adapters.work_items_table import WorkItemsTable
from functions.adapters.workflows import Workflows
from functions.domain.console import BoardItem, Detail, EnvironmentView, Overview, Shown, Trail, lanes
from functions.domain.environments import Environment, addresses
from functions.domain.locks import Lock
from functions.domain.records import DeploymentRecord
from functions.domain.texts import quote
from functions.domain.watches import AlarmReading
from functions.domain.work_items import State
from functions.handler import Allow
from functions.procedures.why import ROLLBACKS, Why

if TYPE_CHECKING:
    from functions.runtime import Clients

# The newest deployments that are shown, the running ones not counted.
_NEWEST = 12
_ITEMS: tuple[State, ...] = ("running", "waiting", "ineligible", "stopped", "quarantined")
# DescribeAlarms has a quota that watches need more: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
_ALARMS_FOR = timedelta(seconds=20)


class ConsoleReader:
    """Reads with read-only calls; alarms of an environment under its read role."""

    SETTINGS: ClassVar[tuple[str, ...]] = (
        *Why.SETTINGS,
        *DeploymentsTable.SETTINGS,
        *WorkItemsTable.SETTINGS,
        *Carried.SETTINGS,
    )
    READ: ClassVar[tuple[Allow, ...]] = (
        *Why.READ,
        *DEFINITION,
        *DeploymentsTable.READ,
        *DeploymentsTable.LIST,
        *LocksTable.SCAN,
        *EnvironmentHealth.READ,
        *WorkItemsTable.FIND,
    )

    def __init__(self, aws: "Clients") -> None:
        self._carried = Carried.connect(aws)
        self._workflows = Workflows.connect(aws)
        self._deployments = DeploymentsTable.connect(aws)
        self._running = EnvironmentsTable.connect(aws)
        self._locks = LocksTable.connect(aws)
        self._items = WorkItemsTable.connect(aws)
        self._executions = Executions.connect(aws)
        self._health = EnvironmentHealth.connect(aws)
        self._trails = StateTrails.connect(aws)
        self._why = Why.connect(aws)
        self._clock = Clock.connect(aws)
        self._alarms: dict[str, tuple[datetime, tuple[AlarmReading, ...], str]] = {}

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The stack of this function."""
        return cls(aws)

    def overview(self) -> Overview:
        """Everything that moves, waits or runs, and the newest ends."""
        settings, _ = self._carried.settings()
        locks = tuple(lock for lock in self._locks.owned() if lock.key.startswith("environment/"))
        moving = sorted(self._deployments.underway(), key=lambda one: one.started_at, reverse=True)
        return Overview(
            tuple(self._view(one, locks) for one in settings),
            tuple(self._shown(one, settings) for one in moving if one.started_at),
            tuple(self._shown(one, settings) for one in self._newest(settings)),
            tuple(self._board()),
        )

    def detail(self, deployment_id: str) -> Detail | None:
        """One release with the trails of its executions; None if there is none of this name."""
        record = self._deployments.get(deployment_id)
        if record is None or not record.started_at:
            return None
        settings, _ = self._carried.settings()
        return Detail(self._shown(record, settings), tuple(self._executed(record, settings)))

    def _view(self, environment: Environment, locks: tuple[Lock, ...]) -> EnvironmentView:
        name = environment.name
        alarms, unread = self._alarms_of(environment)
        parts = tuple(self._running.parts(name).values())
        return EnvironmentView(
            name,
            parts,
            self._running.frozen(name),
            next((lock for lock in locks if lock.key.split("/")[1] == name), None),
            alarms,
            unread,
            tuple(self._running.pins(name).values()),
            tuple(self._running.drifts(name).values()),
            next(iter(addresses(parts, environment.fill_values).values()), ""),
        )

    def _alarms_of(self, environment: Environment) -> tuple[tuple[AlarmReading, ...], str]:
        """The alarms, and why they could not be read: a page with an unreadable account is better than none."""
        now, known = self._clock.now(), self._alarms.get(environment.name)
        if known and now - known[0] < _ALARMS_FOR:
            return known[1], known[2]
        try:
            found, unread = self._health.alarms(environment, ""), ""
        except Exception as error:
            found, unread = (), f"its alarms could not be read: {quote(error)}"
        self._alarms[environment.name] = now, found, unread
        return found, unread

    def _newest(self, settings: tuple[Environment, ...]) -> Iterator[DeploymentRecord]:
        """The newest deployments that have ended."""
        found = self._deployments.newest(one.name for one in settings)
        return islice((one for one in found if one.outcome), _NEWEST)

    def _shown(self, record: DeploymentRecord, settings: tuple[Environment, ...]) -> Shown:
        waits = self._why.of_deployment(record, settings)
        phase = "" if record.outcome else phase_of(self._why.state(self._why.executions(record)))
        return Shown(record, waits, lanes(record, [one.name for one in settings], waits, phase))

    def _board(self) -> Iterator[BoardItem]:
        for state in _ITEMS:
            for record in sorted(self._items.in_state(state), key=lambda one: one.item.created_at if one.item else ""):
                yield BoardItem(record, self._why.of_item(record))

    def _executed(self, record: DeploymentRecord, settings: tuple[Environment, ...]) -> Iterator[Trail]:
        wanted = [("deployment", record.execution)]
        for one in settings:
            stage = f"{record.deployment_id}-{one.name}"
            if one.name in (record.environment, *record.stages, *record.rollback):
                wanted.append(("stage", execution_arn(self._workflows.stage, stage)))
                wanted += [
                    ("rollback", execution_arn(self._workflows.rollback, f"{stage}-{kind}")) for kind in ROLLBACKS
                ]
        for workflow, execution in wanted:
            found = self._executions.describe(execution)
            if found:
                states = self._trails.of(execution)
                yield Trail(workflow, found.name, found.status, found.started, found.ended, states)
