"""Conclude: write the one terminal outcome of a deployment (N3)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain import rollback
from functions.domain.reasons import readable
from functions.domain.releases import Release
from functions.handler import Handler, decode


@dataclass(frozen=True, slots=True)
class Input:
    """The outcome as this execution sees it."""

    deployment_id: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Output:
    """The outcome that stands, as it is announced; `duration_seconds` from Begin to here."""

    deployment_id: str
    outcome: str
    reason: str
    release: Release | None
    duration_seconds: float
    stages: dict[str, Any] = field(default_factory=dict)


HANDLER = Handler(allow=(*DeploymentsTable.READ, *DeploymentsTable.WRITE))


def conclude(event: Input, deployments: DeploymentsTable) -> Output:
    """Whoever concluded first is right; the answer is always what stands in the record."""
    outcome = _read_back(event, deployments) if event.outcome == "unknown" else event.outcome
    stood = deployments.conclude(event.deployment_id, outcome, readable(event.reason))
    return announcement(event.deployment_id, stood)


def _read_back(event: Input, deployments: DeploymentsTable) -> str:
    """A rollback that was stopped after it had recorded its end has done its work, though its caller never heard."""
    record = deployments.get(event.deployment_id) or {}
    touched = {entry.environment for entry in deployments.ledger(event.deployment_id)}
    ends = [record.get(f"rollback_{environment}", {}).get("result") for environment in touched]
    return rollback.outcome(ends) if ends else event.outcome


def announcement(deployment_id: str, record: dict[str, Any]) -> Output:
    """A concluded record, as `DeploymentFinished` tells it."""
    release = decode(Release, record["release"]) if "release" in record else None
    started, finished = record.get("startedAt", record["finishedAt"]), record["finishedAt"]
    seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    return Output(deployment_id, record["outcome"], record["reason"], release, seconds, record.get("stages", {}))
