"""AwaitLock: leave a token in the lock's queue; it is completed when the turn has come or was lost."""

from dataclasses import dataclass

from functions.adapters.locks_table import LocksTable
from functions.adapters.task_tokens import TaskTokens
from functions.entry import Room
from functions.stage import acquire_lock as room
from functions.stage.acquire_lock import Output, contender, explain, lock_key


@dataclass(frozen=True, slots=True)
class Input(room.Input):
    """The request, with the token of its wait."""

    task_token: str = ""


ROOM = Room(allow=LocksTable.WRITE)


def await_lock(event: Input, locks: LocksTable, tokens: TaskTokens) -> None:
    """Each ask repeats the request, and so finds an owner that died without a word."""
    answer = locks.request(lock_key(event.environment), contender(event), event.task_token)
    if answer.outcome != "waiting":
        tokens.succeed(event.task_token, Output(answer.outcome, explain(answer), answer.lease))
