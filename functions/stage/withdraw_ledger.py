"""WithdrawLedger: take back the way back of a part whose change never began, and its doubt with it (R4)."""

from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import PartState
from functions.domain.locks import Lease
from functions.domain.values import Value
from functions.handler import Handler


class Input(Value, frozen=True):
    """The part, by its name, which still is as it was before WriteLedger."""

    deployment_id: str
    environment: str
    part: str
    lease: Lease


class Output(Value, frozen=True):
    """The deployment that had left the part in doubt before this one came, and has it so again; "" if none had."""

    in_doubt: str


HANDLER = Handler(
    allow=(*EnvironmentsTable.WRITE, *EnvironmentsTable.FORGET, *DeploymentsTable.READ, *DeploymentsTable.WRITE)
)


def withdraw_ledger(event: Input, environments: EnvironmentsTable, deployments: DeploymentsTable) -> Output:
    """Restore the doubt that was there before, then remove the entry; a repetition has the same result.

    The entry knows that doubt, so it goes last. While it is there, a rollback counts the part as changed.
    """
    where, part = event.environment, event.part
    environments.fence(where, event.lease)
    ledger = deployments.ledger(event.deployment_id)
    entry = next((one for one in ledger if (one.environment, one.part.name) == (where, part)), None)
    if entry is None:
        return Output("")
    state = environments.parts(where).get(part)
    if state and state.in_doubt == event.deployment_id:
        before = replace(state, in_doubt=entry.doubted)
        if before == PartState(where, part):
            environments.forget(where, part, event.lease)
        else:
            environments.save(before, event.lease)
    deployments.withdraw_ledger(event.deployment_id, where, part)
    return Output(entry.doubted)
