"""PlanRollback: read the ledger of a release in an environment, last change first."""

from dataclasses import dataclass

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.releases import Release
from functions.domain.rollback import Step, in_force, steps
from functions.entry import Room


@dataclass(frozen=True, slots=True)
class Input:
    """Whose changes, and where."""

    deployment_id: str
    release: Release
    environment: str


@dataclass(frozen=True, slots=True)
class Output:
    """What to put back, in this order."""

    steps: tuple[Step, ...]


ROOM = Room(allow=(*DeploymentsTable.READ, *DeploymentsTable.WRITE, *EnvironmentsTable.READ))


def plan_rollback(event: Input, deployments: DeploymentsTable, environments: EnvironmentsTable) -> Output:
    """Reading changes nothing, so a second rollback plans the same and ends the same (R6)."""
    deployments.enter(event.deployment_id, event.environment, "rolling back")
    ledger, states = deployments.ledger(event.deployment_id), environments.parts(event.environment)
    return Output(steps(in_force(ledger, event.environment, event.deployment_id, states), event.environment))
