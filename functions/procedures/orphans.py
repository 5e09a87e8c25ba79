"""Finds and settles orphans: records, waits, locks and builds of executions that died (P2, P9)."""

from collections.abc import Container, Iterator
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from msgspec.structs import replace

from functions.adapters.builds import Builds
from functions.adapters.clock import Clock, iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.executions import Executions, execution_arn
from functions.adapters.github.client import GitHub
from functions.adapters.locks_table import LocksTable
from functions.adapters.running_builds import RunningBuilds
from functions.adapters.triggers import Triggers
from functions.adapters.waits_table import WaitsTable
from functions.adapters.workflows import Workflows
from functions.domain.ends import LockReleased, keeps_lock, words
from functions.domain.errors import BadInputError, GitHubError
from functions.domain.reconciliation import Ended, is_stray, judge_end, without_record
from functions.domain.releases import Release
from functions.domain.requests import read_request
from functions.domain.values import Value
from functions.domain.waits import BuildKey
from functions.handler import Allow
from functions.procedures.ended_executions import EndedExecutions
from functions.procedures.releases import Started, open_record

if TYPE_CHECKING:
    from functions.runtime import Clients

# Earlier runs settled older ends; events are retried for less than this (components/platform/event_rules.py).
_RECENT_SECONDS = 2 * 3600
_MOST_LISTED = 100
_BAD_ENDS: tuple[Literal["FAILED", "ABORTED", "TIMED_OUT"], ...] = ("FAILED", "ABORTED", "TIMED_OUT")


class Repair(Value, frozen=True):
    """One repair: something that a lost event should have done."""

    kind: Literal["push started", "end settled", "lock released", "record opened", "approval void", "build stopped"]
    what: str


class Orphans:
    """The searches for everything that may outlive an execution: its record, waits, locks and builds."""

    SETTINGS: ClassVar[tuple[str, ...]] = (
        *Workflows.SETTINGS,
        *LocksTable.SETTINGS,
        *WaitsTable.SETTINGS,
        *DeploymentsTable.SETTINGS,
        *Builds.SETTINGS,
        *RunningBuilds.SETTINGS,
        *EndedExecutions.SETTINGS,
        *Triggers.SETTINGS,
        "PUSH_GRACE_SECONDS",
    )
    SETTLE: ClassVar[tuple[Allow, ...]] = (
        *EndedExecutions.SETTLE,
        *Executions.LIST,
        *LocksTable.SCAN,
        *WaitsTable.FIND,
        *DeploymentsTable.LIST,
        *RunningBuilds.LIST,
    )

    def __init__(self, aws: "Clients") -> None:
        self.grace_seconds = int(aws.setting("PUSH_GRACE_SECONDS"))
        self.waits = WaitsTable.connect(aws)
        self._workflows = Workflows.connect(aws)
        self._ours = (self._workflows.deployment, self._workflows.stage, self._workflows.rollback)
        self._main_branch = Triggers.connect(aws).rules.main_branch
        self._executions = Executions.connect(aws)
        self._locks = LocksTable.connect(aws)
        self._deployments = DeploymentsTable.connect(aws)
        self._builds = Builds.connect(aws)
        self._running = RunningBuilds.connect(aws)
        self._ended = EndedExecutions.connect(aws)
        self._clock = Clock.connect(aws)

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The workflows and tables of this stack."""
        return cls(aws)

    def has_begun(self, name: str) -> bool:
        """Whether a deployment of this name was started."""
        return bool(self._executions.named(self._workflows.deployment, name) or self._deployments.get(name))

    def was_started(self, name: str, repository: str, commit: str) -> bool:
        """Whether a deployment of this name was started, or is the repository's newest under any other name.

        An earlier version of the platform named deployments without their repository.
        """
        return self.has_begun(name) or self.newest(repository) == commit

    def newest(self, repository: str) -> str:
        """The commit of the repository's newest release that has begun; "" before the first."""
        known = self._deployments.history(repository)
        return known.head if known else ""

    def begun_at(self, name: str) -> str:
        """The time (ISO 8601) at which a deployment of this name began; "" if it has no record."""
        record = self._deployments.get(name)
        return record.started_at if record else ""

    def dead_executions(self) -> Iterator[Repair]:
        """Settle ended executions that a record, wait or lock names, and deployments that failed recently."""
        failed: list[Exception] = []
        for execution, deployment_id in dict(self._named()).items():
            try:
                yield from self._settle(execution, deployment_id)
            except Exception as error:  # raised below: one that can't be settled does not stop the others
                failed.append(error)
        if failed:
            raise ExceptionGroup("executions could not be settled", failed)

    def missing_records(self, github: GitHub, repositories: Container[str]) -> Iterator[Repair]:
        """Write the record of a running deployment whose state Begin failed, from the execution's input.

        `repositories` are those of the stack. What names another one was started by hand, and fails in Begin.
        """
        for found in self._executions.newest(self._workflows.deployment, "RUNNING"):
            record = self._deployments.get(found.name)
            if not without_record(found, record, now=self._now, grace_seconds=self.grace_seconds):
                continue
            try:
                request = read_request(self._executions.input(found.execution))
            except BadInputError:  # started by hand with a wrong input: it fails, and its end is announced
                continue
            # Images get their digests in Begin, which writes the record with them.
            if request.images or request.repository not in repositories:
                continue
            try:
                open_record(
                    Started(found.name, found.execution, request),
                    self._main_branch,
                    github,
                    self._deployments,
                    self._clock,
                )
            except GitHubError:  # probably why Begin failed: the record contains only what the input has
                known = Release(request.repository, request.ref, request.commit, emergency=request.emergency)
                self._deployments.begin(found.name, known, found.execution, request.trigger, request)
            yield Repair("record opened", f"{found.name} runs since {found.started} and had no record")

    def orphaned_approvals(self) -> Iterator[Repair]:
        """Void a request that has no wait and whose deployment has ended."""
        for wait, approval in self.waits.open():
            if wait or approval is None:
                continue
            record = self._deployments.get(approval.deployment_id)
            if record and not record.outcome:
                continue
            void = replace(approval, state="void", reason="its deployment has ended")
            if self.waits.decide(void):
                yield Repair("approval void", f"{approval.deployment_id} no longer waits for {approval.environment}")

    def stray_builds(self) -> Iterator[Repair]:
        """Stop builds of deployments that have ended, if no execution waits for them."""
        for build in self._running.all():
            if not build.deployment_id:
                continue  # not started by a deployment
            wait = self.waits.find(BuildKey(build.build_id))
            awaited = wait is not None and self._executions.is_running(wait.execution)
            record = None if awaited else self._deployments.get(build.deployment_id)
            if is_stray(build, record, awaited=awaited, now=self._now, grace_seconds=self.grace_seconds):
                self._builds.stop(build.build_id)
                yield Repair("build stopped", f"{build.build_id} ran on for {build.deployment_id}, which has ended")

    def _named(self) -> Iterator[tuple[str, str]]:
        """(execution, deployment of the record that names it or ""); records come last, to replace the others."""
        for lock in self._locks.owned():
            if lock.owner:
                yield lock.owner.execution, ""
        for wait, _ in self.waits.open():
            if wait:
                yield wait.execution, ""
        since = iso(self._clock.now())
        for status in _BAD_ENDS:
            yield from ((found.execution, "") for found in self._recent(status, since))
        for record in self._deployments.underway():
            name = record.deployment_id
            yield record.execution or execution_arn(self._workflows.deployment, name), name

    def _recent(self, status: Literal["FAILED", "ABORTED", "TIMED_OUT"], now: str) -> Iterator[Ended]:
        """Deployments that ended recently in this status; one may have written its outcome and not announced it."""

        def recent(found: Ended) -> bool:
            verdict = judge_end(found, now=now, grace_seconds=_RECENT_SECONDS)
            return verdict == "fresh"

        # The list is ordered by start, so a long execution may have ended after one that comes before it.
        newest = islice(self._executions.newest(self._workflows.deployment, status), _MOST_LISTED)
        return filter(recent, newest)

    def _settle(self, execution: str, deployment_id: str) -> Iterator[Repair]:
        found = self._executions.describe(execution)
        verdict = judge_end(found, now=self._now, grace_seconds=self.grace_seconds)
        if verdict in ("alive", "fresh"):
            return
        if found and verdict == "unsettled" and found.workflow in self._ours:
            held = {lock.key for lock in self._locks.owned() if lock.owner and lock.owner.execution == execution}
            # The release of a lock that it did not hold is no repair.
            done = [one for one in self._ended.settle(found) if not isinstance(one, LockReleased) or one.key in held]
        else:
            done = self._ended.end_waits(execution)
            # The index may be stale; the record itself shows whether the deployment has an outcome.
            record = self._deployments.get(deployment_id) if deployment_id else None
            if deployment_id and not (record and record.outcome):
                done += self._ended.announce(deployment_id, "UNKNOWN")
        released = [] if keeps_lock(done) else list(self._release(execution))
        if done:
            yield Repair("end settled", f"{execution.rsplit(':', 1)[-1]}: {', '.join(map(words, done))}")
        yield from released

    def _release(self, execution: str) -> Iterator[Repair]:
        """Release the locks that the execution still owns."""
        for lock in self._locks.owned():
            if lock.owner and lock.owner.execution == execution:
                self._locks.release(lock.key, execution)
                yield Repair("lock released", f"{lock.key} was held by {execution}, which has ended")

    @property
    def _now(self) -> str:
        return self._clock.text()
