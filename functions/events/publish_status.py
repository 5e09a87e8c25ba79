"""Publishes commit statuses, and a GitHub deployment per environment, for each domain event (N2)."""

from typing import Any

from functions.adapters.bus import read_event
from functions.adapters.github.check_runs import CheckRuns
from functions.domain.events import GatesJudged, release_of
from functions.domain.redaction import redact
from functions.domain.releases import Release
from functions.domain.statuses import GATE, DeploymentStatus, commit_statuses, deployment_status
from functions.handler import Handler

HANDLER = Handler(allow=CheckRuns.USE, memory_mb=512)


def publish_status(event: dict[str, Any], github: CheckRuns) -> dict[str, int]:
    """Publish the statuses of an event; EventBridge retries an error. A status replaces one of the same context."""
    happened = read_event(event)
    release = release_of(happened)
    if release is None:
        return {"statuses": 0}
    statuses = commit_statuses(happened)
    if isinstance(happened, GatesJudged) and github.as_app(release.repository):
        statuses = tuple(one for one in statuses if not one.context.startswith(GATE))  # `publish_checks` shows them
    for status in statuses:
        description = redact(status.description)
        github.set_status(release.repository, release.commit, status.context, status.state, description, status.link)
    state = deployment_status(happened)
    if state:
        _show_deployment(state, release, github)
    return {"statuses": len(statuses)}


def _show_deployment(status: DeploymentStatus, release: Release, github: CheckRuns) -> None:
    """Set the status of the release's GitHub deployment to an environment, and create it first if it is missing."""
    number = github.find_deployment(release.repository, release.commit, status.environment, status.deployment_id)
    if number is None:
        number = github.create_deployment(
            release.repository,
            release.commit,
            status.environment,
            f"Release {release.short} to {status.environment}",
            {"key": status.deployment_id},
        )
    github.set_deployment_status(release.repository, number, status.state, redact(status.description), "", "")
