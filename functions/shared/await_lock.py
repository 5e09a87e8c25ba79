"""AwaitLock: store the task token in the lock's queue; it is completed when the lock is granted or refused."""

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.locks_table import LocksTable
from functions.adapters.task_tokens import TaskTokens
from functions.handler import Handler
from functions.procedures.locks import REQUEST, LockRequest, take_turn


class Input(LockRequest, frozen=True):
    """The request, with the token of its wait."""

    task_token: str = ""


HANDLER = Handler(allow=(*REQUEST, *DeploymentsTable.WRITE))


def await_lock(
    event: Input,
    locks: LocksTable,
    environments: EnvironmentsTable,
    executions: Executions,
    tokens: TaskTokens,
    deployments: DeploymentsTable,
) -> None:
    """Repeat the request, which also notices an owner whose execution has ended without releasing the lock."""
    turn = take_turn(event, locks, environments, executions, deployments, event.task_token)
    if turn.outcome == "acquired":
        deployments.note_known(event.deployment_id, status="running", reason="")  # it waits no longer
    if turn.outcome != "waiting":
        tokens.succeed(event.task_token, turn)
