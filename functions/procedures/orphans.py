"""What executions leave behind when they die, found by asking; it is put right as `execution_ended` does it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from functions.adapters.builds import Builds
from functions.adapters.bus import Bus
from functions.adapters.clock import Clock, iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions, execution_arn
from functions.adapters.github.client import GitHub
from functions.adapters.locks_table import LocksTable
from functions.adapters.running_builds import RunningBuilds
from functions.adapters.waits_table import WaitsTable
from functions.deployment.begin import Input, begin
from functions.domain.errors import GitHubError
from functions.domain.reconciliation import Ended, is_stray, judge_end, without_record
from functions.domain.releases import Release
from functions.events.alarm_changed import EnvironmentNames
from functions.events.execution_ended import HANDLER as ENDED
from functions.events.execution_ended import Workflows, _tell, execution_ended
from functions.handler import Allow
from functions.procedures.builds import build_key
from functions.procedures.waits import end_all

if TYPE_CHECKING:
    from functions.runtime import Clients

# Earlier runs have read older ends; an event is retried for as long (components/platform/event_rules.py).
_RECENT_SECONDS = 2 * 3600
_MOST_LISTED = 100
_BAD_ENDS: tuple[Literal["FAILED", "ABORTED", "TIMED_OUT"], ...] = ("FAILED", "ABORTED", "TIMED_OUT")


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that an event missed, and that is done now."""

    kind: Literal["push started", "end settled", "lock released", "record opened", "approval void", "build stopped"]
    what: str


class Orphans:
    """Everything that may outlive an execution: its record, waits, locks and builds."""

    SETTINGS: ClassVar[tuple[str, ...]] = (
        *Workflows.SETTINGS,
        *EnvironmentNames.SETTINGS,
        *LocksTable.SETTINGS,
        *WaitsTable.SETTINGS,
        *DeploymentsTable.SETTINGS,
        *EnvironmentsTable.SETTINGS,
        *Builds.SETTINGS,
        *RunningBuilds.SETTINGS,
        *Bus.SETTINGS,
        "PUSH_GRACE_SECONDS",
    )
    SETTLE: ClassVar[tuple[Allow, ...]] = (
        *ENDED.allow,
        *Executions.LIST,
        *LocksTable.SCAN,
        *WaitsTable.SCAN,
        *DeploymentsTable.LIST,
        *RunningBuilds.LIST,
    )

    def __init__(self, aws: "Clients") -> None:
        self.grace_seconds = int(aws.setting("PUSH_GRACE_SECONDS"))
        self.waits = WaitsTable.connect(aws)
        self._workflows = Workflows.connect(aws)
        self._ours = (self._workflows.deployment, self._workflows.stage, self._workflows.rollback)
        self._environments = EnvironmentNames.connect(aws).names
        self._executions = Executions.connect(aws)
        self._locks = LocksTable.connect(aws)
        self._deployments = DeploymentsTable.connect(aws)
        self._environments_table = EnvironmentsTable.connect(aws)
        self._builds = Builds.connect(aws)
        self._running = RunningBuilds.connect(aws)
        self._bus = Bus.connect(aws)
        self._clock = Clock.connect(aws)

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """What this stack's executions leave."""
        return cls(aws)

    def was_started(self, name: str) -> bool:
        """Whether there ever was a deployment of this name, as far as Step Functions or the records remember."""
        return (
            self._executions.named(self._workflows.deployment, name) is not None
            or self._deployments.get(name) is not None
        )

    def dead_executions(self) -> Iterator[Repair]:
        """Each execution that a record, wait or lock still names, or that ended badly a while ago, is settled once."""
        failed: list[Exception] = []
        for execution, deployment_id in dict(self._named()).items():
            try:
                yield from self._settle(execution, deployment_id)
            except Exception as error:  # raised below: one that can't be settled keeps no other
                failed.append(error)
        if failed:
            raise ExceptionGroup("executions could not be settled", failed)

    def missing_records(self, github: GitHub) -> Iterator[Repair]:
        """A running deployment whose Begin never came through gets its record from what it was started with."""
        for found in self._executions.newest(self._workflows.deployment, "RUNNING"):
            record = self._deployments.get(found.name)
            if not without_record(found, record, now=self._now, grace_seconds=self.grace_seconds):
                continue
            given = self._executions.input(found.execution)
            if not given.get("repository") or not given.get("ref"):
                continue  # started by hand with less than it needs: it fails by itself, and its end is told
            facts = (given["repository"], given["ref"], given.get("commit") or "", given.get("trigger") or "operator")
            emergency = bool(given.get("emergency"))
            try:
                begin(Input(found.name, found.execution, *facts, emergency), github, self._deployments)
            except GitHubError:  # which is why Begin did not come through: what is known must do
                known = Release(*facts[:3], emergency=emergency)
                self._deployments.begin(found.name, known, found.execution, facts[3])
            yield Repair("record opened", f"{found.name} runs since {found.started} and had no record")

    def orphaned_approvals(self) -> Iterator[Repair]:
        """A request that was mailed before anybody could wait for it dies with its deployment."""
        for wait, approval in self.waits.open():
            if wait or approval is None:
                continue
            record = self._deployments.get(approval.deployment_id)
            if record and not record.get("outcome"):
                continue
            void = replace(approval, state="void", reason="the deployment that asked has ended")
            if self.waits.decide(void):
                yield Repair("approval void", f"{approval.deployment_id} no longer asks for {approval.environment}")

    def stray_builds(self) -> Iterator[Repair]:
        """A build that nobody awaits, of a deployment that has ended, is stopped."""
        for build in self._running.all():
            if not build.deployment_id:
                continue  # somebody else's
            wait = self.waits.find(build_key(build.build_id))
            awaited = wait is not None and self._executions.is_running(wait.execution)
            record = None if awaited else self._deployments.get(build.deployment_id)
            if is_stray(build, record, awaited=awaited, now=self._now, grace_seconds=self.grace_seconds):
                self._builds.stop(build.build_id)
                yield Repair("build stopped", f"{build.build_id} ran on for {build.deployment_id}, which has ended")

    def _named(self) -> Iterator[tuple[str, str]]:
        """(execution, the deployment whose record names it); a record comes last, so that its name stays."""
        for lock in self._locks.owned():
            if lock.owner:
                yield lock.owner.execution, ""
        for wait, _ in self.waits.open():
            if wait:
                yield wait.execution, ""
        since = iso(self._clock.now())
        for status in _BAD_ENDS:
            yield from ((found.execution, "") for found in self._recent(status, since))
        for record in self._deployments.underway(self._environments):
            name = record["deploymentId"]
            yield record.get("execution") or execution_arn(self._workflows.deployment, name), name

    def _recent(self, status: Literal["FAILED", "ABORTED", "TIMED_OUT"], now: str) -> Iterator[Ended]:
        """Deployments that ended so and not long ago: one may have concluded and not have told."""

        def recent(found: Ended) -> bool:
            verdict = judge_end(found, now=now, grace_seconds=_RECENT_SECONDS)
            return verdict == "fresh"

        # Listed by their start: one that took long may have ended after one that started later.
        newest = islice(self._executions.newest(self._workflows.deployment, status), _MOST_LISTED)
        return filter(recent, newest)

    def _settle(self, execution: str, deployment_id: str) -> Iterator[Repair]:
        found = self._executions.describe(execution)
        verdict = judge_end(found, now=self._now, grace_seconds=self.grace_seconds)
        if verdict in ("alive", "fresh"):
            return
        if found and verdict == "unsettled" and found.workflow in self._ours:
            done = self._replay(found)
        else:
            done = end_all(execution, self.waits, self._builds)
            # The index that named this record lags; the record itself says whether it was concluded meanwhile.
            if deployment_id and not (self._deployments.get(deployment_id) or {}).get("outcome"):
                done += _tell(deployment_id, "UNKNOWN", None, self._deployments, self._bus)
        going_back = any(one.startswith(("rolling back", "left to")) for one in done)
        released = [] if going_back else list(self._release(execution))
        if done:
            yield Repair("end settled", f"{execution.rsplit(':', 1)[-1]}: {', '.join(done)}")
        yield from released

    def _replay(self, found: Ended) -> list[str]:
        """The event of its end, once more; what it repeats without effect is no repair."""
        held = [lock.key for lock in self._locks.owned() if lock.owner and lock.owner.execution == found.execution]
        detail: dict[str, Any] = {
            "executionArn": found.execution,
            "stateMachineArn": found.workflow,
            "name": found.name,
            "status": found.status,
            "error": found.error or None,
        }
        done = execution_ended(
            {"detail": detail},
            self._workflows,
            self._executions,
            self._locks,
            self.waits,
            self._deployments,
            self._environments_table,
            self._builds,
            self._bus,
            self._clock,
        )["done"]
        return [one for one in done if not one.startswith("released ") or one.removeprefix("released ") in held]

    def _release(self, execution: str) -> Iterator[Repair]:
        """Locks that are still its own: handed on to the next in line."""
        for lock in self._locks.owned():
            if lock.owner and lock.owner.execution == execution:
                self._locks.release(lock.key, execution)
                yield Repair("lock released", f"{lock.key} was held by {execution}, which has ended")

    @property
    def _now(self) -> str:
        return self._clock.text()
