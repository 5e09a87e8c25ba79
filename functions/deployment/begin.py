"""Begin: write the deployment's record, with the commit's author, time and order from GitHub."""

from dataclasses import dataclass

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.client import GitHub
from functions.domain.releases import Release
from functions.handler import Handler
from functions.procedures.releases import OPEN, Started, open_record


@dataclass(frozen=True, slots=True)
class Output:
    """The release with the facts of its commit, and its order."""

    release: Release


HANDLER = Handler(allow=OPEN)


def begin(event: Started, github: GitHub, deployments: DeploymentsTable, clock: Clock) -> Output:
    """Write the record; a repetition keeps the one that exists."""
    return Output(open_record(event, github, deployments, clock))
