"""Opens one GitHub issue per rollback, comments on its end, and closes it with the next good release (R10)."""

import logging
from typing import Any, assert_never

from functions.adapters.bus import read_event
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.client import GitHub
from functions.adapters.links import IncidentLinks
from functions.domain.errors import GitHubSwitchedOffError
from functions.domain.events import (
    ApprovalDecided,
    DeploymentFinished,
    DeploymentStarted,
    EnvironmentEvent,
    Event,
    GatesJudged,
    RollbackFinished,
    RollbackStarted,
    StageFinished,
    StageHeld,
    StagePinned,
    WorkItemFinished,
)
from functions.domain.incidents import LABEL, Rollback, closed, end_marker, ended, environment_of, marker, opened, title
from functions.domain.redaction import redact
from functions.handler import Handler

_LOG = logging.getLogger(__name__)
HANDLER = Handler(allow=(*GitHub.USE, *DeploymentsTable.READ), memory_mb=512, timeout_seconds=60)


def track_incident(
    event: dict[str, Any], github: GitHub, deployments: DeploymentsTable, links: IncidentLinks
) -> dict[str, Any]:
    """Update the incident of an event; each step reads whether it was done, so a repeated event changes nothing.

    Where the repository has its issues switched off, there is no incident; mails and statuses say the same.
    """
    try:
        return _track(read_event(event), github, deployments, links)
    except GitHubSwitchedOffError as off:
        _LOG.warning("no incident", extra={"reason": str(off)})
        return {"outcome": "issues are switched off"}


def _track(happened: Event, github: GitHub, deployments: DeploymentsTable, links: IncidentLinks) -> dict[str, Any]:
    match happened:
        case RollbackStarted(release=release):
            if not release.repository:
                return {"outcome": "no repository"}
            return {"outcome": "opened", "issue": _issue(happened, github, deployments, links)}
        case RollbackFinished(release=release):
            if not release.repository:
                return {"outcome": "no repository"}
            number = _issue(happened, github, deployments, links)  # the start's event may be lost or late
            if not github.has_comment(release.repository, number, end_marker(happened)):
                github.comment(release.repository, number, redact(ended(happened)))
            return {"outcome": "commented", "issue": number}
        case DeploymentFinished(release=release):
            if release is None or not release.repository:
                return {"outcome": "no repository"}
            if happened.outcome != "deployed":
                return {"outcome": "no incident"}
            return {"outcome": "closed", "issues": _close(release.repository, happened, github)}
        case (
            DeploymentStarted()
            | GatesJudged()
            | StageHeld()
            | StagePinned()
            | StageFinished()
            | ApprovalDecided()
            | EnvironmentEvent()
            | WorkItemFinished()
        ):
            return {"outcome": "no incident"}
        case _:
            assert_never(happened)


def _issue(event: Rollback, github: GitHub, deployments: DeploymentsTable, links: IncidentLinks) -> int:
    """The number of the rollback's issue, which is opened if there is none."""
    repository = event.release.repository
    number = github.find_issue(repository, LABEL, marker(event.environment, event.deployment_id))
    if number is not None:
        return number
    record = deployments.get(event.deployment_id)
    return github.open_issue(repository, title(event), redact(opened(event, record, links.links)), [LABEL])


def _close(repository: str, event: DeploymentFinished, github: GitHub) -> list[int]:
    """Close the incidents of environments that the release passed in; returns the numbers of the issues."""
    passed = {name for name, stage in event.stages.items() if stage.result == "passed"}
    done = []
    for number, body in github.open_issues(repository, LABEL):
        environment = environment_of(body)
        if environment and environment in passed:
            github.comment(repository, number, closed(event, environment))
            github.close_issue(repository, number)
            done.append(number)
    return done
