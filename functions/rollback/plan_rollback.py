"""PlanRollback: make the steps of a rollback from the ledger of a release, last change first.

Builds that may still change the environment are stopped. The parts are in doubt until their restoration is recorded.
"""

from functions.adapters.builds import Builds
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.locks import Lease
from functions.domain.releases import Release
from functions.domain.rollback import Step, held, in_force, steps, why_held
from functions.domain.values import Value
from functions.handler import Handler
from functions.procedures.waits import END, end_all


class Input(Value, frozen=True):
    """The deployment and environment to roll back; `started_by` is the execution that failed, "" for an operator's.

    `agreed`: a person started the rollback, and agreed to restore parts whose migration is irreversible.
    """

    deployment_id: str
    release: Release
    environment: str
    lease: Lease
    started_by: str = ""
    agreed: bool = False


class Output(Value, frozen=True):
    """The steps, in this order, and why other parts are not restored."""

    steps: tuple[Step, ...]
    held: tuple[str, ...] = ()


HANDLER = Handler(allow=(*DeploymentsTable.READ, *DeploymentsTable.WRITE, *EnvironmentsTable.WRITE, *END))


def plan_rollback(
    event: Input,
    deployments: DeploymentsTable,
    environments: EnvironmentsTable,
    waits: WaitsTable,
    builds: Builds,
) -> Output:
    """Plan the steps; nothing that runs is changed, so a second rollback has the same plan and result (R6).

    Builds of the failed execution are stopped first: one whose start or end was lost may still change a part.
    """
    if event.started_by:
        end_all(event.started_by, waits, builds)
    deployments.enter(event.deployment_id, event.environment, "rolling back")
    ledger, states = deployments.ledger(event.deployment_id), environments.parts(event.environment)
    undone = in_force(ledger, event.environment, event.deployment_id, states)
    kept = () if event.agreed else held(undone)
    wanted = steps([entry for entry in undone if entry not in kept], event.environment)
    for step in wanted:
        environments.doubt(event.environment, step.part.name, event.deployment_id, event.lease)
    return Output(wanted, tuple(map(why_held, kept)))
