"""Publishes commit statuses, and a GitHub deployment per environment, for each domain event (N2)."""

from typing import Any

from functions.adapters.bus import read_event
from functions.adapters.definitions import READ as DEFINITION
from functions.adapters.definitions import Carried
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.github.check_runs import CheckRuns
from functions.adapters.links import IncidentLinks
from functions.adapters.triggers import Triggers
from functions.domain.environments import addresses, watched
from functions.domain.events import GatesJudged, deployment_of, release_of
from functions.domain.redaction import redact
from functions.domain.releases import Release
from functions.domain.statuses import GATE, DeploymentStatus, commit_statuses, deployment_statuses
from functions.handler import Handler

HANDLER = Handler(allow=(*CheckRuns.USE, *DeploymentsTable.READ, *EnvironmentsTable.READ, *DEFINITION), memory_mb=512)


def publish_status(
    event: dict[str, Any],
    github: CheckRuns,
    deployments: DeploymentsTable,
    running: EnvironmentsTable,
    carried: Carried,
    triggers: Triggers,
    links: IncidentLinks,
) -> dict[str, int]:
    """Publish the statuses of an event; EventBridge retries an error. A status replaces one of the same context."""
    happened = read_event(event)
    release = release_of(happened)
    if release is None or not release.repository:  # a rollback of what nobody released here
        return {"statuses": 0}
    record = deployments.get(deployment_of(happened))
    page = links.links.execution(record.execution) if record and record.execution else ""
    statuses = commit_statuses(happened, record)
    if isinstance(happened, GatesJudged) and github.as_app(release.repository):
        statuses = tuple(one for one in statuses if not one.context.startswith(GATE))  # `publish_checks` shows them
    for status in statuses:
        words, link = redact(status.description), status.link or page
        github.set_status(release.repository, release.commit, status.context, status.state, words, link)
    for state in deployment_statuses(happened, record):
        production = state.environment in triggers.rules.protected
        address = _address(state.environment, release, running, carried) if state.state == "success" else ""
        _show_deployment(state, release, github, (page, address), production=production)
    return {"statuses": len(statuses)}


def _show_deployment(
    status: DeploymentStatus, release: Release, github: CheckRuns, links: tuple[str, str], *, production: bool
) -> None:
    """Set the status of the release's GitHub deployment to an environment, and create it first if it is missing.

    `links` are the page of its execution and the address of what runs there, "" where there is none.
    """
    number = github.find_deployment(release.repository, release.commit, status.environment, status.deployment_id)
    if number is None:
        number = github.create_deployment(
            release.repository,
            release.commit,
            status.environment,
            f"Release {release.short} to {status.environment}",
            {"key": status.deployment_id},
            production=production,
        )
    github.set_deployment_status(release.repository, number, status.state, redact(status.description), *links)


def _address(environment: str, release: Release, running: EnvironmentsTable, carried: Carried) -> str:
    """The address of the first part of the release's repository that has one; "" if none has."""
    states = [one for one in running.parts(environment).values() if watched(one, release.repository)]
    settings, _ = carried.settings()
    values = next((one.fill_values for one in settings if one.name == environment), {})
    return next(iter(addresses(states, values).values()), "")
