"""Takes the decision of a person about a request for approval (A2-A5), however it came.

The rules are those of `functions/domain/decisions.py`. Who may approve is read from the settings of now, not from the
request: a person may have been removed since.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from msgspec.structs import replace

from functions.adapters.approver_settings import ApproverSettings
from functions.adapters.artifacts import Artifacts
from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval, alarmed, as_of, changed, decided
from functions.domain.decisions import Decision, Refused, decide, refused_by_freeze, refused_by_pin
from functions.domain.environments import Environment
from functions.domain.errors import SourceError
from functions.domain.events import ApprovalDecided
from functions.domain.order import overtaken
from functions.domain.values import Value
from functions.domain.waiting import for_approval
from functions.domain.waits import ApprovalFacts, ApprovalKey
from functions.handler import Allow, decode
from functions.procedures.pins import kept_out

if TYPE_CHECKING:
    from functions.runtime import Clients

_LOG = logging.getLogger(__name__)
DECIDE: tuple[Allow, ...] = (
    *WaitsTable.DECIDE,
    *TaskTokens.COMPLETE,
    *DeploymentsTable.READ,
    *DeploymentsTable.WRITE,
    *EnvironmentsTable.READ,
    *Artifacts.READ,
    *Executions.READ,
    *Bus.PUT,
    Allow(("cloudwatch:DescribeAlarms",), on="*", why="the alarms of a release have any name"),
)
_TRIES = 5


class Decisions(Value, frozen=True):
    """What a decision reads and writes."""

    waits: WaitsTable
    tokens: TaskTokens
    deployments: DeploymentsTable
    environments: EnvironmentsTable
    health: EnvironmentHealth
    artifacts: Artifacts
    settings: ApproverSettings
    executions: Executions
    bus: Bus
    clock: Clock

    SETTINGS: ClassVar[tuple[str, ...]] = (
        *WaitsTable.SETTINGS,
        *DeploymentsTable.SETTINGS,
        *EnvironmentHealth.SETTINGS,
        *Artifacts.SETTINGS,
        *ApproverSettings.SETTINGS,
        *Bus.SETTINGS,
    )

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The requests of this stack, and what they are about."""
        return cls(
            WaitsTable.connect(aws),
            TaskTokens.connect(aws),
            DeploymentsTable.connect(aws),
            EnvironmentsTable.connect(aws),
            EnvironmentHealth.connect(aws),
            Artifacts.connect(aws),
            ApproverSettings.connect(aws),
            Executions.connect(aws),
            Bus.connect(aws),
            Clock.connect(aws),
        )

    def take(self, approval: Approval, decision: Decision, held_by: str) -> tuple[Approval, Refused | None]:
        """Take a decision once; returns the request as it is then, and why the decision was refused.

        `held_by` is the address that a personal link or an AWS identity stands for, "" if the person only named itself.
        """
        current = as_of(approval, self.clock.text())
        if current.state == "open" and self._has_ended(current):
            reason = f"{approval.deployment_id} has ended: nothing waits for this decision any more"
            return replace(current, state="void", reason=reason), Refused("ended", reason)
        kept = self.refused_now(current)
        if decision.approve and kept:
            return approval, kept
        ended: Approval | None = None
        if decision.approve and current.state == "open":
            ended = self._superseded(current) or self._void(current)
        for _ in range(_TRIES):  # if somebody else decided meanwhile, the decision is made again from what they wrote
            approvers = self.settings.of(approval.environment)
            after = ended or decide(approval, decision, self.clock.text(), approvers, held_by)
            if isinstance(after, Refused):
                return approval, after
            written = self.waits.consent(after) if after.version > approval.version else self.waits.decide(after)
            if written:
                self._record(after)
                return after, None
            approval = self.waits.approval(approval.approval_id) or approval
            if approval.state != "open":
                break
        return approval, Refused("used", "Somebody else decided at the same time. Try again.")

    def refused_now(self, approval: Approval) -> Refused | None:
        """Why nobody may approve an open request now, a freeze or a pin; nothing of it is used up."""
        frozen = refused_by_freeze(approval, self.environments.frozen(approval.environment))
        if frozen or approval.purpose != "deploy" or approval.state != "open":
            return frozen
        record = self.deployments.get(approval.deployment_id)
        return refused_by_pin(approval, kept_out(record, approval.environment, self.environments))

    def _has_ended(self, approval: Approval) -> bool:
        """Whether the execution that asked was stopped or has ended; the event of its end voids the request later."""
        wait = self.waits.find(ApprovalKey(approval.approval_id))
        return wait is not None and self.executions.has_ended(wait.execution)

    def _superseded(self, approval: Approval) -> Approval | None:
        """The superseded request if a newer release has passed the environment; None if none has.

        One that only arrived counts when the lock is requested.
        """
        for service in (approval.order.services if approval.order else ()) or ("",):
            found = self.environments.passage(approval.environment, approval.repository, service)
            reason = overtaken(approval.order, replace(found, arrived=None), approval.environment, lambda _: False)
            if reason and approval.purpose == "deploy":
                return replace(approval, state="superseded", reason=reason)
        return None

    def _void(self, approval: Approval) -> Approval | None:
        """The void request if something differs from what was shown, or an alarm has entered ALARM since."""
        reason = self._changed(approval) or self._alarmed(approval)
        return replace(approval, state="void", reason=reason) if reason else None

    def _changed(self, approval: Approval) -> str:
        """Why the request is void: artifact or verdicts, read again, differ from those that were shown; "" if not."""
        if approval.shown is None or approval.purpose != "deploy":
            return ""
        try:
            digest = self.artifacts.digest(approval.shown.artifact) if approval.shown.artifact else ""
        except SourceError as error:
            return str(error)
        return changed(approval, digest, self.deployments.verdicts(approval.deployment_id))

    def _alarmed(self, approval: Approval) -> str:
        """Why alarms void the request although their event was lost (A4); "" if none does, or they can't be read.

        This function is public, so it assumes no role of an environment: it reads the alarms of its own account under
        its own role. Those of other accounts are read by AwaitApproval, and all of them again under the lock, before
        anything is changed.
        """
        wait = self.waits.find(ApprovalKey(approval.approval_id))
        facts = decode(ApprovalFacts, wait.facts) if wait else ApprovalFacts()
        where = facts.environment
        if wait is None or where is None or facts.accepted is None or not _same_account(wait.execution, where):
            return ""
        try:
            alarms = self.health.alarms(replace(where, read_role_arn=""), approval.repository)
            return alarmed(alarms, facts.accepted, where.name)
        except Exception as error:  # the request stays as valid as it was
            _LOG.warning("the alarms could not be read before an approval", extra={"reason": str(error)})
            return ""

    def _record(self, after: Approval) -> None:
        """Note the stored decision in the record and end the wait; if that fails, the wait's backstop reads it."""
        record(after, self.deployments)
        wait = self.waits.find(ApprovalKey(after.approval_id)) if after.state != "open" else None
        if wait:
            self.tokens.succeed(wait.token, decided(after))
        if after.state in ("approved", "rejected"):
            announce(after, self.deployments, self.bus)


def record(after: Approval, deployments: DeploymentsTable) -> None:
    """Note a stored decision in the deployment's record; a repetition writes the same."""
    deployments.note(after.deployment_id, **{f"approval_{after.environment}_{after.purpose}": _facts(after)})
    if after.state == "approved":
        deployments.note_known(after.deployment_id, status="running", reason="")  # it waits no longer
    if after.state == "open" and after.counts_from:
        deployments.note_known(after.deployment_id, reason=for_approval(after).text)


def announce(after: Approval, deployments: DeploymentsTable, bus: Bus) -> None:
    """Publish the decision, which is signed then (G7); a failed announcement never stops a deployment (N2)."""
    found = deployments.get(after.deployment_id)
    if found is None or found.release is None:
        return
    try:
        bus.put(
            ApprovalDecided(
                after.deployment_id,
                found.release,
                after.environment,
                after.purpose,
                "approved" if after.state == "approved" else "rejected",
                after.by,
                after.reason,
                after.decided_at,
                after.identity,
                after.consents,
                after.shown.digest if after.shown else "",
            )
        )
    except Exception as error:
        _LOG.warning("a decision could not be announced, and is not signed", extra={"reason": str(error)})


def _same_account(execution: str, environment: Environment) -> bool:
    """Whether the stack deploys to its own account; both are ARNs."""
    return execution.split(":")[4:5] == environment.deploy_role_arn.split(":")[4:5]


def _facts(after: Approval) -> Mapping[str, Any]:
    return {
        "purpose": after.purpose,
        "state": after.state,
        "by": after.by,
        "reason": after.reason,
        "at": after.decided_at,
        "address": after.address,
        "userAgent": after.user_agent,
        "identity": after.identity,
        "consents": after.consents,
        "countsFrom": after.counts_from,
        "digest": after.shown.digest if after.shown else "",
    }
