"""RecordRestored: record that a command ran again with the earlier release, which runs now."""

from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import PartState
from functions.domain.locks import Lease
from functions.domain.rollback import Step, after_rollback
from functions.domain.values import Value
from functions.handler import Handler


class Input(Value, frozen=True):
    """The step of the command."""

    deployment_id: str
    environment: str
    step: Step
    lease: Lease


HANDLER = Handler(allow=EnvironmentsTable.WRITE)


def record_restored(event: Input, environments: EnvironmentsTable) -> PartState:
    """Record the earlier version; the outputs stay, because the earlier run had the same."""
    part = event.step.part.name
    known = environments.parts(event.environment).get(part) or PartState(event.environment, part)
    state = after_rollback(known, event.step)
    environments.save(state, event.lease)
    return state
