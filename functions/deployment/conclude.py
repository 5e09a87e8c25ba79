"""Conclude: write the one terminal outcome of a deployment (N3)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.reasons import readable
from functions.domain.releases import Release
from functions.entry import Room, decode


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


ROOM = Room(allow=(*DeploymentsTable.READ, *DeploymentsTable.WRITE))


def conclude(event: Input, deployments: DeploymentsTable) -> Output:
    """Whoever concluded first is right; the answer is always what stands in the record."""
    stood = deployments.conclude(event.deployment_id, event.outcome, readable(event.reason))
    return announcement(event.deployment_id, stood)


def announcement(deployment_id: str, record: dict[str, Any]) -> Output:
    """A concluded record, as `DeploymentFinished` tells it."""
    release = decode(Release, record["release"]) if "release" in record else None
    started, finished = record.get("startedAt", record["finishedAt"]), record["finishedAt"]
    seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    return Output(deployment_id, record["outcome"], record["reason"], release, seconds, record.get("stages", {}))
