"""Conclude: write the one terminal outcome of a deployment (N3)."""

from dataclasses import dataclass

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain import rollback
from functions.domain.events import DeploymentFinished
from functions.domain.reasons import readable
from functions.domain.records import Outcome
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """The outcome as this execution sees it."""

    deployment_id: str
    outcome: Outcome
    reason: str


HANDLER = Handler(allow=(*DeploymentsTable.READ, *DeploymentsTable.WRITE))


def conclude(event: Input, deployments: DeploymentsTable) -> DeploymentFinished:
    """Whoever concluded first is right; the answer is always what stands in the record."""
    outcome = _read_back(event, deployments) if event.outcome == "unknown" else event.outcome
    return DeploymentFinished.of(deployments.conclude(event.deployment_id, outcome, readable(event.reason)))


def _read_back(event: Input, deployments: DeploymentsTable) -> Outcome:
    """A rollback that was stopped after it had recorded its end has done its work, though its caller never heard."""
    record = deployments.get(event.deployment_id)
    if record is None or not record.ledger:
        return event.outcome
    touched = {entry.environment for entry in record.ledger.values()}
    ends = (record.rollback.get(environment) for environment in touched)
    return rollback.outcome(end.result if end else None for end in ends)
