"""PlanRollback: read the ledger of a release in an environment, last change first; what still changes it is stopped.

What is about to go back is in doubt until its restoration is recorded.
"""

from dataclasses import dataclass

from functions.adapters.builds import Builds
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.locks import Lease
from functions.domain.releases import Release
from functions.domain.rollback import Step, in_force, steps
from functions.handler import Handler
from functions.procedures.waits import END, end_all


@dataclass(frozen=True, slots=True)
class Input:
    """Whose changes, and where; `started_by` is the execution that goes back, empty when a person asked."""

    deployment_id: str
    release: Release
    environment: str
    lease: Lease
    started_by: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """What to put back, in this order."""

    steps: tuple[Step, ...]


HANDLER = Handler(allow=(*DeploymentsTable.READ, *DeploymentsTable.WRITE, *EnvironmentsTable.WRITE, *END))


def plan_rollback(
    event: Input,
    deployments: DeploymentsTable,
    environments: EnvironmentsTable,
    waits: WaitsTable,
    builds: Builds,
) -> Output:
    """The plan changes nothing that runs, so a second rollback plans the same and ends the same (R6).

    A build whose start, or end, was not heard may still be at work on what is put back now.
    """
    if event.started_by:
        end_all(event.started_by, waits, builds)
    deployments.enter(event.deployment_id, event.environment, "rolling back")
    ledger, states = deployments.ledger(event.deployment_id), environments.parts(event.environment)
    wanted = steps(in_force(ledger, event.environment, event.deployment_id, states), event.environment)
    for step in wanted:
        environments.doubt(event.environment, step.part.name, event.deployment_id, event.lease)
    return Output(wanted)
