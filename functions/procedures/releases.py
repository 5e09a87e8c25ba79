"""Opening the record of a deployment: what is delivered, read from GitHub and written once."""

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
    """What a deployment was started with: a repository and either a commit or a ref; the rest is found out."""

    deployment_id: str
    execution: str
    repository: str
    ref: str
    commit: str
    trigger: str
    emergency: bool = False


def open_record(started: Started, github: GitHub, deployments: DeploymentsTable) -> Release:
    """Read who wrote the commit and when, and open the record; the same execution opens it once."""
    if len(started.deployment_id) > LONGEST_NAME:
        raise BadInputError(
            f"the execution name {started.deployment_id!r} has {len(started.deployment_id)} characters, {LONGEST_NAME} "
            "allowed: its stages and rollbacks are named after it"
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
