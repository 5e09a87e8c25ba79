"""One service deployment: from which revisions to which, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.ecs.context import new_id, now

if TYPE_CHECKING:
    from datetime import datetime

    from local.ecs.configuration import Configuration
    from local.ecs.hooks import Hook
    from local.ecs.task_sets import Revision

Record = dict[str, Any]


@dataclass
class ServiceDeployment:
    """One service deployment, as the API describes it."""

    arn: str
    target: Revision
    sources: list[Revision]
    configuration: Configuration
    created: datetime = field(default_factory=now)
    id: str = field(default_factory=lambda: f"ecs-svc/{int(new_id()[:15], 16)}")
    status: str = "PENDING"
    reason: str = ""
    stage: str = ""
    hooks: list[Hook] = field(default_factory=list)
    asked: str = ""
    tripped: bool = False
    times: dict[str, datetime] = field(default_factory=dict)
    rollback: Record = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether the deployment has ended."""
        return self.status in ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")

    def become(self, status: str, reason: str = "") -> None:
        """Change the status."""
        self.status, self.reason = status, reason or self.reason
        self.times["updatedAt"] = now()
        if self.over:
            self.times["finishedAt"] = now()
