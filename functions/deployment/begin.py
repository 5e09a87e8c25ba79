"""Begin: open the deployment's record, and learn from GitHub who wrote the commit and when."""

from dataclasses import dataclass

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.client import GitHub
from functions.domain.errors import BadInputError
from functions.domain.redaction import redact
from functions.domain.releases import LONGEST_NAME, Release
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """A repository and either a commit or a ref; the rest is found out."""

    deployment_id: str
    execution: str
    repository: str
    ref: str
    commit: str
    trigger: str
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """The release, complete."""

    release: Release


HANDLER = Handler(allow=(*DeploymentsTable.WRITE, *GitHub.USE))


def begin(event: Input, github: GitHub, deployments: DeploymentsTable) -> Output:
    """The same execution may begin twice: the record is opened once."""
    if len(event.deployment_id) > LONGEST_NAME:
        raise BadInputError(
            f"the execution name {event.deployment_id!r} has {len(event.deployment_id)} characters, {LONGEST_NAME} "
            "allowed: its stages and rollbacks are named after it"
        )
    commit = github.commit(event.repository, event.commit or event.ref)
    release = Release(
        event.repository,
        event.ref,
        commit.sha,
        author=commit.author_name,
        author_email=commit.author_email,
        message=redact(commit.message),
        committed_at=commit.committed_at,
        emergency=event.emergency,
    )
    deployments.begin(event.deployment_id, release, event.execution, event.trigger)
    return Output(release)
