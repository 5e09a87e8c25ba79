"""AwaitLock: leave a token in the lock's queue; it is completed when the turn has come or was lost."""

from dataclasses import dataclass

from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.adapters.task_tokens import TaskTokens
from functions.handler import Handler
from functions.shared import acquire_lock as handler
from functions.shared.acquire_lock import turn


@dataclass(frozen=True, slots=True)
class Input(handler.Input):
    """The request, with the token of its wait."""

    task_token: str = ""


HANDLER = Handler(allow=(*LocksTable.WRITE, *EnvironmentsTable.READ))


def await_lock(event: Input, locks: LocksTable, environments: EnvironmentsTable, tokens: TaskTokens) -> None:
    """Each ask repeats the request, and so finds an owner that died without a word."""
    output = turn(event, locks, environments, event.task_token)
    if output.outcome != "waiting":
        tokens.succeed(event.task_token, output)
