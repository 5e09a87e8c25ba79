"""AwaitApproval: store the task token for the decision, then read whether it was made or the request has ended."""

import logging

from msgspec.structs import replace

from functions.adapters.approver_settings import ApproverSettings
from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval, Decided, alarmed, as_of, decided
from functions.domain.decisions import due
from functions.domain.environments import Environment
from functions.domain.values import Value
from functions.domain.waits import ApprovalFacts, ApprovalKey, Wait
from functions.domain.watches import Accepted
from functions.handler import Handler, encode
from functions.procedures.decisions import announce, record
from functions.procedures.locks import overtaken_by
from functions.procedures.waits import KEEP, keep


class Input(Value, frozen=True):
    """The id of the request, and the execution that waits for its decision.

    `accepted` are the alarms that were in ALARM before the request. The input of an execution that began before an
    update lacks it: then a query voids nothing, only the event of an alarm does.
    """

    task_token: str
    execution: str
    deployment_id: str
    environment: Environment
    approval_id: str
    accepted: Accepted | None = None


_LOG = logging.getLogger(__name__)
HANDLER = Handler(
    allow=(
        *KEEP,
        *EnvironmentHealth.READ,
        *EnvironmentsTable.READ,
        *DeploymentsTable.READ,
        *DeploymentsTable.WRITE,
        *Bus.PUT,
        *TaskTokens.COMPLETE,
    ),
    timeout_seconds=50,
)


def await_approval(
    event: Input,
    waits: WaitsTable,
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    executions: Executions,
    approvers: ApproverSettings,
    bus: Bus,
    clock: Clock,
) -> None:
    """Store the token, then read the request; one that is past its end is written as expired.

    One whose environment a newer release has reached is written as superseded; one whose approvals count from a time
    that has come, as approved (A5).

    Each call also reads the alarms: one that has entered ALARM voids the request, if its event was lost (A4). Their
    states are stored for the approval page, which is public and assumes no read role.
    """
    facts = encode(ApprovalFacts(event.environment, event.accepted))
    wait = Wait(ApprovalKey(event.approval_id), event.task_token, event.execution, event.environment.name, facts)
    if not keep(wait, waits, executions, clock):
        tokens.succeed(event.task_token, Decided("void", "its deployment was stopped"))
        return
    stored = waits.approval(event.approval_id)
    if stored is None:
        tokens.succeed(event.task_token, Decided("void", f"the request {event.approval_id} is missing"))
        return
    now = clock.text()
    approved = due(stored, now, approvers.of(event.environment.name))
    # What would have ended it before its time comes first.
    current = stored if approved else as_of(stored, now)
    if current.state == "open" and current.purpose == "deploy":
        newer = overtaken_by(current.repository, current.order, event.environment.name, environments, executions)
        current = replace(current, state="superseded", reason=newer) if newer else current
    if current.state == "open":
        current = _read_alarms(event, current, waits, health, clock)
    if approved and current.state == "open":
        current = approved
    if current.state != stored.state and not waits.decide(current):
        current = waits.approval(event.approval_id) or current
    if approved and current.state == "approved":
        record(current, deployments)
        announce(current, deployments, bus)
    if current.state != "open":
        tokens.succeed(event.task_token, _end(current, environments))


def _end(ended: Approval, environments: EnvironmentsTable) -> Decided:
    """How the request ended; one that expired while nobody could approve it is `frozen`, and another one follows."""
    if ended.state == "expired" and ended.purpose == "deploy":
        freeze = environments.frozen(ended.environment)
        if freeze:
            return Decided("frozen", freeze.describe(ended.environment))
    return decided(ended)


def _read_alarms(
    event: Input, approval: Approval, waits: WaitsTable, health: EnvironmentHealth, clock: Clock
) -> Approval:
    """The request, void if a critical alarm has entered ALARM since the baseline; stores the states of all alarms."""
    try:
        alarms, at = health.alarms(event.environment, approval.repository), clock.text()
        waits.note_alarms(event.approval_id, alarms, at)
    except Exception as error:  # read again at the next backstop, and under the lock before anything is changed
        _LOG.warning("the alarms of a request for approval could not be read", extra={"reason": str(error)})
        return approval
    reason = alarmed(alarms, event.accepted, event.environment.name) if event.accepted else ""
    if not reason:
        return approval
    void = replace(approval, state="void", reason=reason)
    return void if waits.decide(void) else waits.approval(event.approval_id) or void
