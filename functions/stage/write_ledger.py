"""WriteLedger: record the way back, and mark the part as in doubt, before it is changed (R4)."""

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Environment
from functions.domain.locks import Lease
from functions.domain.manifests import Part
from functions.domain.rollback import Compensation, rollback_version
from functions.domain.values import Value
from functions.handler import Handler
from functions.targets.registry import Targets


class Input(Value, frozen=True):
    """The part that is about to change; `order` is its position in the stage."""

    deployment_id: str
    environment: Environment
    part: Part
    order: int
    lease: Lease


class Output(Value, frozen=True):
    """The version to go back to; "" if nothing ran."""

    before: str


HANDLER = Handler(allow=(*EnvironmentsTable.WRITE, *DeploymentsTable.WRITE, *Targets.READ), timeout_seconds=30)


def write_ledger(
    event: Input,
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
    targets: Targets,
    clock: Clock,
) -> Output:
    """Write the entry unless there is one: a repetition after the change would read the new version as the old one.

    A repetition after RecordPart does not mark the part as in doubt again.
    """
    environments.fence(event.environment.name, event.lease)
    state = environments.parts(event.environment.name).get(event.part.name)
    before = rollback_version(state, targets.of(event.part).current(event.environment, event.part, state))
    entry = Compensation(
        event.environment.name,
        event.order,
        event.part,
        before,
        state.definition if state else None,
        clock.text(),
        state.running if state else None,
        state.in_doubt if state else "",
    )
    deployments.write_ledger(event.deployment_id, entry)
    if entry.recorded is None or entry.recorded.deployment_id != event.deployment_id:
        environments.doubt(event.environment.name, event.part.name, event.deployment_id, event.lease)
    return Output(before.version if before else "")
