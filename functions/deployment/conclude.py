"""Conclude: write the outcome of a deployment, once (N3)."""

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain import rollback
from functions.domain.events import DeploymentFinished
from functions.domain.reasons import readable
from functions.domain.records import Outcome
from functions.domain.values import Value
from functions.handler import Handler


class Input(Value, frozen=True):
    """The outcome according to this execution."""

    deployment_id: str
    outcome: Outcome
    reason: str


HANDLER = Handler(allow=(*DeploymentsTable.READ, *DeploymentsTable.WRITE))


def conclude(event: Input, deployments: DeploymentsTable) -> DeploymentFinished:
    """Write the outcome unless there is one; returns the event with the outcome of the record."""
    outcome = _read_back(event, deployments) if event.outcome == "unknown" else event.outcome
    return DeploymentFinished.of(deployments.conclude(event.deployment_id, outcome, readable(event.reason)))


def _read_back(event: Input, deployments: DeploymentsTable) -> Outcome:
    """The outcome according to recorded rollbacks: one may have recorded its end without its caller knowing it."""
    record = deployments.get(event.deployment_id)
    if record is None or not record.ledger:
        return event.outcome
    touched = {entry.environment for entry in record.ledger.values()}
    ends = (record.rollback.get(environment) for environment in touched)
    return rollback.outcome(end.result if end else None for end in ends)
