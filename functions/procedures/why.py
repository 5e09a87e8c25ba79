"""Reads what a deployment or a work item waits for: `kiro-worker why` and the console say the same."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.clock import Clock, iso
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions, execution_arn
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.adapters.workflows import Workflows
from functions.domain import waiting
from functions.domain.admissions import Held
from functions.domain.environments import Environment
from functions.domain.records import DeploymentRecord
from functions.domain.waiting import Waiting
from functions.domain.waits import (
    AlarmsFacts,
    AlarmsKey,
    ApprovalKey,
    BuildKey,
    QueuedKey,
    RolloutKey,
    UnfreezeKey,
    Wait,
    WatchFacts,
    WatchKey,
)
from functions.domain.windows import opening
from functions.domain.work_items import Record
from functions.handler import Allow, decode
from functions.procedures.rollouts import RolloutFacts

if TYPE_CHECKING:
    from functions.runtime import Clients

# The names of rollbacks end in one of these, after that of the stage.
ROLLBACKS = ("rollback", "full-rollback", "rollback-alone")


class Why:
    """Reads with read-only calls, under the operator's own permissions or those of a function."""

    SETTINGS: ClassVar[tuple[str, ...]] = (
        *WaitsTable.SETTINGS,
        *LocksTable.SETTINGS,
        *EnvironmentsTable.SETTINGS,
        *Workflows.SETTINGS,
    )
    READ: ClassVar[tuple[Allow, ...]] = (
        *WaitsTable.FIND,
        *WaitsTable.READ,
        *LocksTable.READ,
        *EnvironmentsTable.READ,
        *Executions.READ,
        *Executions.HISTORY,
    )

    def __init__(
        self,
        waits: WaitsTable,
        locks: LocksTable,
        environments: EnvironmentsTable,
        executions: Executions,
        workflows: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._waits = waits
        self._locks = locks
        self._environments = environments
        self._executions = executions
        self._workflows = workflows
        self._clock = clock

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The deployments and items of this stack."""
        known = Workflows.connect(aws)
        return cls(
            WaitsTable.connect(aws),
            LocksTable.connect(aws),
            EnvironmentsTable.connect(aws),
            Executions.connect(aws),
            {"deployment": known.deployment, "stage": known.stage, "rollback": known.rollback},
            Clock.connect(aws),
        )

    def of_deployment(self, record: DeploymentRecord, settings: Iterable[Environment]) -> Waiting:
        """What a deployment waits for; `settings` are those of the stack's environments."""
        if record.outcome:
            return waiting.of_end(record)
        executions = tuple(self.executions(record))
        found = [one for execution in executions for one in self._open(execution)]
        shown = waiting.first([*found, *self._at_the_entry(record, settings, executions)])
        if shown:
            return shown
        main = self._executions.describe(record.execution)
        if main is None or main.status != "RUNNING":
            return waiting.of_death()
        return waiting.in_step(self.state(executions), main.started)

    def of_item(self, record: Record) -> Waiting:
        """What a work item waits for; of a running attempt, also the lock of its branch."""
        if record.state != "running":
            return waiting.of_item(record)
        lock = self._locks.read(record.branch)
        if lock.owner and any(one.contender.execution == record.execution for one in lock.waiters):
            return waiting.of_item(record, waiting.for_lock(lock, lock.owner, record.execution))
        step = waiting.first(tuple(self._open(record.execution)))
        began = self._executions.describe(record.execution)
        since = began.started if began else ""
        return waiting.of_item(record, step or waiting.in_step(self._executions.state(record.execution), since))

    def executions(self, record: DeploymentRecord) -> Iterator[str]:
        """The ARNs that the executions of a deployment in its current environment have, the innermost first."""
        if record.environment not in ("", "none"):
            stage = f"{record.deployment_id}-{record.environment}"
            if record.status == "rolling back":
                yield from (execution_arn(self._workflows["rollback"], f"{stage}-{kind}") for kind in ROLLBACKS)
            yield execution_arn(self._workflows["stage"], stage)
        yield record.execution

    def state(self, executions: Iterable[str]) -> str:
        """The state in which the first of these executions is that runs; "" if none does."""
        running = next((one for one in executions if self._executions.is_running(one)), "")
        return self._executions.state(running) if running else ""

    def _open(self, execution: str) -> Iterator[Waiting]:
        for wait in self._waits.of_execution(execution):
            found = self._of_wait(wait)
            if found:
                yield found

    def _of_wait(self, wait: Wait) -> Waiting | None:
        """What a stored wait is for; None for a request for approval that is decided."""
        match wait.key:
            case BuildKey(build_id):
                return waiting.for_build(build_id)
            case QueuedKey():
                return waiting.for_queue(str(wait.facts.get("since", "")))
            case WatchKey(environment):
                watched = decode(WatchFacts, wait.facts)
                return waiting.for_watch(environment, watched.until, watched.paused.name if watched.paused else "")
            case AlarmsKey(environment):
                return waiting.for_quiet(environment, decode(AlarmsFacts, wait.facts).until)
            case ApprovalKey(approval_id):
                approval = self._waits.approval(approval_id)
                return waiting.for_approval(approval) if approval and approval.state == "open" else None
            case UnfreezeKey(environment):
                freeze = self._environments.frozen(environment)
                return waiting.for_unfreeze(environment, freeze, decode(Held, wait.facts).since) if freeze else None
            case RolloutKey(environment):
                facts = decode(RolloutFacts, wait.facts)
                return waiting.for_rollout(environment, facts.part.name, facts.rollout.percent)

    def _at_the_entry(
        self, record: DeploymentRecord, settings: Iterable[Environment], executions: tuple[str, ...]
    ) -> Iterator[Waiting]:
        """A lock, a window or a soak: their states of the workflow have no wait of their own."""
        where = next((one for one in settings if one.name == record.environment), None)
        repository = record.release.repository if record.release else ""
        if record.environment not in ("", "none"):
            lock = self._locks.read(self._locks.key(record.environment, repository))
            waiter = next((one.contender for one in lock.waiters if one.contender.execution in executions), None)
            if lock.owner and waiter:
                yield waiting.for_lock(lock, lock.owner, waiter.execution)
        if where and record.status == "waiting for a window":
            now = opening(where.windows, where.freezes, self._clock.now())
            if now.next_at:
                yield waiting.for_window(where.name, now.reason, iso(now.next_at))
        if record.status == "waiting for a soak":
            yield Waiting("soak", record.reason)
