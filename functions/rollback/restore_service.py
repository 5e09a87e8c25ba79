"""RestoreService: point the alias back at the version that ran before, and record it."""

from dataclasses import dataclass

from functions.adapters.delivered_functions import DeliveredFunctions
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Environment, PartState
from functions.domain.locks import Lease
from functions.domain.rollback import Step, after_rollback
from functions.handler import Handler
from functions.stage.write_ledger import function_name


@dataclass(frozen=True, slots=True)
class Input:
    """One step back."""

    deployment_id: str
    environment: Environment
    step: Step
    lease: Lease


HANDLER = Handler(allow=(*EnvironmentsTable.WRITE, *DeliveredFunctions.USE), timeout_seconds=60)


def restore_service(event: Input, environments: EnvironmentsTable, functions: DeliveredFunctions) -> PartState:
    """Doing it again points the alias where it points already."""
    name = event.environment.name
    environments.fence(name, event.lease)
    function = function_name(event.environment, event.step.part)
    functions.point(event.environment, function, event.step.part.alias, event.step.to.version)
    known = environments.parts(name).get(event.step.part.name) or PartState(name, event.step.part.name)
    state = after_rollback(known, event.step)
    environments.save(state, event.lease)
    return state
