"""A rollback opens one GitHub issue, its end comments on it, the next good deployment closes it (R10)."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.client import GitHub
from functions.domain.incidents import LABEL, Links, closed, end_marker, ended, environment_of, marker, opened, title
from functions.domain.redaction import redact
from functions.handler import Handler

if TYPE_CHECKING:
    from functions.runtime import Clients


class IncidentLinks:
    """Where an incident sends people."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("GITHUB_URL", "RUNBOOK_URL", "AWS_REGION_NAME")

    def __init__(self, links: Links) -> None:
        self.links = links

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Settings of this function."""
        return cls(Links(*(aws.setting(name).rstrip("/") for name in cls.SETTINGS)))


HANDLER = Handler(allow=(*GitHub.USE, *DeploymentsTable.READ), memory_mb=512, timeout_seconds=60)


def track_incident(
    event: dict[str, Any], github: GitHub, deployments: DeploymentsTable, links: IncidentLinks
) -> dict[str, Any]:
    """Each step looks first whether it was done: the same event again changes nothing."""
    name, detail = event["detail-type"], event["detail"]
    repository = (detail.get("release") or {}).get("repository")
    if not repository:
        return {"outcome": "no repository to tell"}
    if name == "RollbackStarted":
        return {"outcome": "opened", "issue": _issue(repository, detail, github, deployments, links)}
    if name == "RollbackFinished":
        number = _issue(repository, detail, github, deployments, links)  # its start may have been lost, or be late
        if not github.has_comment(repository, number, end_marker(detail)):
            github.comment(repository, number, redact(ended(detail)))
        return {"outcome": "commented", "issue": number}
    if name == "DeploymentFinished" and detail["outcome"] == "deployed":
        return {"outcome": "closed", "issues": _close(repository, detail, github)}
    return {"outcome": "no incident"}


def _issue(
    repository: str, detail: dict[str, Any], github: GitHub, deployments: DeploymentsTable, links: IncidentLinks
) -> int:
    mark = marker(detail["environment"], detail["deploymentId"])
    number = github.find_issue(repository, LABEL, mark)
    if number is not None:
        return number
    record = deployments.get(detail["deploymentId"]) or {}
    return github.open_issue(repository, title(detail), redact(opened(detail, record, links.links)), [LABEL])


def _close(repository: str, detail: dict[str, Any], github: GitHub) -> list[int]:
    """Only where the release came through: an incident of production outlives a deployment to test."""
    passed = {name for name, stage in detail.get("stages", {}).items() if stage.get("result") == "passed"}
    done = []
    for number, body in github.open_issues(repository, LABEL):
        environment = environment_of(body)
        if environment and environment in passed:
            github.comment(repository, number, closed(detail, environment))
            github.close_issue(repository, number)
            done.append(number)
    return done
