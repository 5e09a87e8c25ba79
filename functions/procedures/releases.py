"""Opens the record of a deployment, with the facts of its commit from GitHub."""

from dataclasses import dataclass

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.client import GitHub
from functions.domain.errors import BadInputError
from functions.domain.redaction import redact
from functions.domain.releases import LONGEST_NAME, Release
from functions.domain.texts import NAME, REASON, cut
from functions.handler import Allow

OPEN: tuple[Allow, ...] = (*DeploymentsTable.WRITE, *GitHub.USE)


@dataclass(frozen=True, slots=True)
class Started:
    """The input of a deployment: a repository, and a commit or a ref."""

    deployment_id: str
    execution: str
    repository: str
    ref: str
    commit: str
    trigger: str
    emergency: bool = False


def open_record(started: Started, github: GitHub, deployments: DeploymentsTable) -> Release:
    """Read the commit and write the record, unless it exists; returns the release."""
    if len(started.deployment_id) > LONGEST_NAME:
        raise BadInputError(
            f"the execution name {started.deployment_id!r} has {len(started.deployment_id)} characters; at most "
            f"{LONGEST_NAME} are allowed, because stages and rollbacks are named after it"
        )
    commit = github.commit(started.repository, started.commit or started.ref)
    release = Release(
        started.repository,
        started.ref,
        commit.sha,
        author=cut(commit.author_name, NAME),
        author_email=cut(commit.author_email, NAME),
        message=cut(redact(commit.message), REASON),
        committed_at=commit.committed_at,
        emergency=started.emergency,
    )
    deployments.begin(started.deployment_id, release, started.execution, started.trigger)
    return release
