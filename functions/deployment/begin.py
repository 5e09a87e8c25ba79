"""Begin: open the deployment's record, and learn from GitHub who wrote the commit and when."""

from dataclasses import dataclass

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.client import GitHub
from functions.domain.releases import Release
from functions.handler import Handler
from functions.procedures.releases import OPEN, Started, open_record


@dataclass(frozen=True, slots=True)
class Output:
    """The release, complete."""

    release: Release


HANDLER = Handler(allow=OPEN)


def begin(event: Started, github: GitHub, deployments: DeploymentsTable) -> Output:
    """The same execution may begin twice: the record is opened once."""
    return Output(open_record(event, github, deployments))
