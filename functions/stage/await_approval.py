"""AwaitApproval: store the task token for the decision, then read whether it was made or the request has ended."""

import logging
from dataclasses import dataclass, replace

from functions.adapters.clock import Clock
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Decided, as_of, decided
from functions.domain.environments import Environment
from functions.domain.waits import ApprovalFacts, ApprovalKey, Wait
from functions.handler import Handler, encode
from functions.procedures.locks import overtaken_by
from functions.procedures.waits import KEEP, keep


@dataclass(frozen=True, slots=True)
class Input:
    """The id of the request, and the execution that waits for its decision."""

    task_token: str
    execution: str
    deployment_id: str
    environment: Environment
    approval_id: str


_LOG = logging.getLogger(__name__)
HANDLER = Handler(
    allow=(*KEEP, *EnvironmentHealth.READ, *EnvironmentsTable.READ, *TaskTokens.COMPLETE), timeout_seconds=50
)


def await_approval(
    event: Input,
    waits: WaitsTable,
    health: EnvironmentHealth,
    environments: EnvironmentsTable,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> None:
    """Store the token, then read the request; one that is past its end is written as expired.

    One whose environment a newer release has reached is written as superseded.

    Each call also stores the states of the alarms for the approval page, which is public and has no permission to read
    alarms.
    """
    facts = encode(ApprovalFacts(event.environment))
    wait = Wait(ApprovalKey(event.approval_id), event.task_token, event.execution, event.environment.name, facts)
    if not keep(wait, waits, executions, clock):
        tokens.succeed(event.task_token, Decided("void", "its deployment was stopped"))
        return
    stored = waits.approval(event.approval_id)
    if stored is None:
        tokens.succeed(event.task_token, Decided("void", f"the request {event.approval_id} is missing"))
        return
    current = as_of(stored, clock.text())
    if current.state == "open" and current.purpose == "deploy":
        newer = overtaken_by(current.repository, current.order, event.environment.name, environments, executions)
        current = replace(current, state="superseded", reason=newer) if newer else current
    if current.state != stored.state and not waits.decide(current):
        current = waits.approval(event.approval_id) or current
    if current.state != "open":
        tokens.succeed(event.task_token, decided(current))
        return
    try:
        waits.note_alarms(event.approval_id, health.alarms(event.environment), clock.text())
    except Exception as error:  # the page then shows no alarms, which is no reason to stop a release
        _LOG.warning("alarms could not be stored for the approval page", extra={"reason": str(error)})
