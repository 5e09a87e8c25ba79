"""AcquireLock: request the lock of an environment; the execution gets it, joins its queue, or is refused."""

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.locks_table import LocksTable
from functions.handler import Handler
from functions.procedures.locks import REQUEST, LockRequest, Turn, take_turn

HANDLER = Handler(allow=(*REQUEST, *DeploymentsTable.WRITE))


def acquire_lock(
    event: LockRequest,
    locks: LocksTable,
    environments: EnvironmentsTable,
    executions: Executions,
    deployments: DeploymentsTable,
) -> Turn:
    """Request the lock and record the status; a frozen environment admits rollbacks only."""
    turn = take_turn(event, locks, environments, executions, deployments)
    if turn.outcome != "frozen":
        status = "running" if turn.outcome == "acquired" else turn.outcome
        deployments.enter(event.deployment_id, event.environment, status)
        deployments.note_known(event.deployment_id, reason=turn.reason)
    return turn
