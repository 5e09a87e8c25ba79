"""Begin: write the deployment's record, with the commit's author, time and order from GitHub."""

from dataclasses import dataclass

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.client import GitHub
from functions.domain.errors import BadInputError
from functions.domain.owners import Claim, claim_of
from functions.domain.releases import Release
from functions.handler import Handler
from functions.procedures.releases import OPEN, Started, open_record


@dataclass(frozen=True, slots=True)
class Input(Started):
    """The input of the execution, and the repositories of the definition."""

    repositories: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """The release with the facts of its commit, and its order."""

    release: Release


HANDLER = Handler(allow=OPEN)


def begin(event: Input, github: GitHub, deployments: DeploymentsTable, clock: Clock) -> Output:
    """Write the record; a repetition keeps the one that exists.

    Who starts an execution chooses its input, so the repository is compared with the settings.
    """
    if claim_of(event.repository, event.repositories) is None:
        known = ", ".join(one.repository for one in event.repositories)
        raise BadInputError(
            f"{event.repository} is not delivered by this stack (delivered: {known}): add it to github.repositories"
        )
    return Output(open_record(event, github, deployments, clock))
