"""Settles executions that ended without recording it: announces outcomes, releases locks, ends waits (P9).

A workflow releases everything on all paths that it defines. Executions that were stopped, timed out or crashed do not.
The event of their end or the search for orphans calls this. Every step may be repeated: locks and waits end once, and
an outcome is written once.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.builds import Builds
from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions, execution_arn
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.adapters.workflows import Workflows
from functions.domain.ends import (
    Effect,
    LeftFrozen,
    LeftToDeployment,
    LockReleased,
    OutcomeAnnounced,
    RollbackUnderway,
    StageStopped,
    keeps_lock,
)
from functions.domain.environments import Freeze
from functions.domain.events import DeploymentFinished, RollbackFinished
from functions.domain.reconciliation import Ended
from functions.domain.records import Outcome
from functions.domain.texts import recorded
from functions.domain.work_items import branch_key
from functions.handler import Allow
from functions.procedures.waits import END, end_all

if TYPE_CHECKING:
    from functions.runtime import Clients

# The errors of a deployment that has announced its outcome itself.
_ANNOUNCED = ("FailedClean", "FailedDirty")
# The error of an execution whose input nothing may be done with: it was started with what no record says.
_NOT_RECORDED = "NotRecorded"
_OUTCOMES: dict[str, Outcome] = {"ABORTED": "aborted", "TIMED_OUT": "timed out"}


class EndedExecutions:
    """Settles the end of an execution of any workflow of this stack."""

    SETTINGS: ClassVar[tuple[str, ...]] = (
        *Workflows.SETTINGS,
        *LocksTable.SETTINGS,
        *WaitsTable.SETTINGS,
        *DeploymentsTable.SETTINGS,
        *EnvironmentsTable.SETTINGS,
        *Builds.SETTINGS,
        *Bus.SETTINGS,
    )
    SETTLE: ClassVar[tuple[Allow, ...]] = (
        *LocksTable.WRITE,
        *END,
        *DeploymentsTable.READ,
        *DeploymentsTable.WRITE,
        *EnvironmentsTable.UPDATE,
        *Executions.STOP,
        *Bus.PUT,
        *Workflows.ROLL_BACK,
    )

    def __init__(self, aws: "Clients") -> None:
        self._workflows = Workflows.connect(aws)
        self._executions = Executions.connect(aws)
        self._locks = LocksTable.connect(aws)
        self._waits = WaitsTable.connect(aws)
        self._deployments = DeploymentsTable.connect(aws)
        self._environments = EnvironmentsTable.connect(aws)
        self._builds = Builds.connect(aws)
        self._bus = Bus.connect(aws)
        self._clock = Clock.connect(aws)

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The workflows and tables of this stack."""
        return cls(aws)

    def settle(self, end: Ended) -> list[Effect]:
        """Do what the execution left undone, by workflow; returns what was done."""
        done: list[Effect] = [*self.end_waits(end.execution)]
        if end.workflow == self._workflows.deployment:
            return [*done, *self._end_stages(end), *self._conclude(end)]
        if end.error == _NOT_RECORDED:
            return done
        given = self._executions.input(end.execution)
        if end.workflow == self._workflows.stage:
            done += self._roll_back_stage(given, end)
            return done if keeps_lock(done) else [*done, self._release(given, end.execution)]
        if end.workflow == self._workflows.rollback:
            return [*done, *self._freeze(given, end), self._release(given, end.execution)]
        if "item" in given:  # the same event invokes the poll, which updates the card
            key = branch_key(given["item"]["repository"], given["item"]["branch"])
            self._locks.release(key, end.execution)
            return [*done, LockReleased(key)]
        return done

    def end_waits(self, execution: str) -> list[Effect]:
        """End the waits of the execution."""
        return [*end_all(execution, self._waits, self._builds)]

    def announce(self, deployment_id: str, status: str, cause: str = "") -> list[Effect]:
        """Write and announce the outcome of a deployment that ended in this status, unless it was announced.

        `cause` is what Step Functions says of the end: whoever stopped the execution gave it.
        """
        record = self._deployments.get(deployment_id)
        if record and record.told:
            return []
        reason = f"the execution ended as {status} before it recorded an outcome"
        if cause:
            reason += f": {recorded(cause)}"
        concluded = self._deployments.conclude(deployment_id, _OUTCOMES.get(status, "failed"), reason)
        self._bus.put(DeploymentFinished.of(concluded))
        self._deployments.note(deployment_id, told=True)
        return [OutcomeAnnounced(concluded.outcome)]

    def _conclude(self, end: Ended) -> list[Effect]:
        if end.error in _ANNOUNCED:
            return []
        # The event of an end need not have the cause, the execution has it:
        # https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
        found = self._executions.describe(end.execution)
        return self.announce(end.name, end.status, found.cause if found else "")

    def _end_stages(self, end: Ended) -> list[Effect]:
        """Stop the stages of a stopped deployment; roll back a stage that failed and left that to its deployment.

        If the deployment announced its outcome and had started that rollback, the rollback's end is final.
        """
        record = self._deployments.get(end.name)
        planned = record.plan.stages if record and record.plan else ()
        done: list[Effect] = []
        for name in (f"{end.name}-{stage.environment}" for stage in planned):
            execution = execution_arn(self._workflows.stage, name)
            if self._executions.is_running(execution):
                self._executions.stop(execution, f"its deployment ended as {end.status}")
                done.append(StageStopped(execution))
            elif self._has_failed(execution) and not (end.error in _ANNOUNCED and self._has_full_rollback(name)):
                given = self._executions.input(execution)
                if self._has_unrecorded_change(given):
                    done += self._roll_back(given, name, end.status)
        return done

    def _has_failed(self, execution: str) -> bool:
        """Whether a stage failed; one that succeeded has returned its result to its deployment."""
        found = self._executions.describe(execution)
        return found is not None and found.status != "SUCCEEDED"

    def _roll_back_stage(self, given: dict[str, Any], end: Ended) -> list[Effect]:
        if not self._has_unrecorded_change(given) or self._has_full_rollback(end.name):
            return []
        return self._roll_back(given, end.name, end.status)

    def _has_unrecorded_change(self, given: dict[str, Any]) -> bool:
        """Whether a stage began to change its environment and recorded no result."""
        environment = given["environment"]["name"]
        record = self._deployments.get(given["deploymentId"])
        if record is None or environment in record.stages:
            return False
        return any(entry.environment == environment for entry in record.ledger.values())

    def _has_full_rollback(self, stage: str) -> bool:
        """Whether the deployment has started a rollback of this stage."""
        return self._executions.named(self._workflows.rollback, f"{stage}-full-rollback") is not None

    def _roll_back(self, given: dict[str, Any], name: str, status: str) -> list[Effect]:
        """Start a rollback of a stage's changes, unless its deployment still runs and starts one itself."""
        if self._executions.is_running(_parent(given)):
            return [LeftToDeployment()]
        payload = {key: given[key] for key in ("deploymentId", "release", "environment")} | {
            "reason": f"the stage ended as {status}",
            "breachedAt": "",
        }
        rollback, started = self._executions.start(self._workflows.rollback, f"{name}-rollback-alone", payload)
        underway = started or self._executions.is_running(rollback)
        return [RollbackUnderway(given["environment"]["name"])] if underway else []

    def _release(self, given: dict[str, Any], execution: str) -> Effect:
        key = self._locks.key(given["environment"]["name"], given["release"]["repository"])
        self._locks.release(key, execution)
        return LockReleased(key)

    def _freeze(self, given: dict[str, Any], end: Ended) -> list[Effect]:
        """Freeze the environment of a rollback that recorded no end, record `unknown` and notify people.

        If a stage had started it, the full rollback that follows unfreezes the environment when it restores it.
        """
        name, deployment_id, now = given["environment"]["name"], given["deploymentId"], self._clock.text()
        record, execution = self._deployments.get(deployment_id), self._executions.describe(end.execution)
        if record is None or record.release is None:
            return []  # such a rollback is refused before it changes anything
        facts = record.rollback.get(name)
        # A record from before this rollback began is that of an earlier rollback.
        if facts and (execution is None or facts.verified_at >= execution.started):
            return []
        reason = f"the rollback of {deployment_id} ended as {end.status}, and it is not known which parts it restored"
        self._environments.freeze(name, Freeze(reason, f"rollback of {deployment_id}", now))
        finished = RollbackFinished(
            deployment_id,
            record.release,
            name,
            "unknown",
            reason,
            given["reason"],
            given["breachedAt"] or now,
            now,
            now,
        )
        self._bus.put(finished)
        unknown = {"result": "unknown", "reason": reason, "cause": given["reason"], "verifiedAt": now}
        self._deployments.note(deployment_id, status="unknown", **{f"rollback_{name}": unknown})
        return [LeftFrozen(name)]


def _parent(given: dict[str, Any]) -> str:
    """The execution that started this one; "" if none did."""
    return str(given.get("AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID", ""))
