"""Carries out instructions in comments, and ends attempts whose card a person moved away (W10).

The wish is recorded first, and the execution is stopped then. Its end triggers the poll, which finds the wish.
"""

import logging
from collections.abc import Callable

from msgspec.structs import replace

from functions.adapters.executions import Executions
from functions.adapters.github.board import Board
from functions.adapters.github.pull_requests import PullRequests
from functions.adapters.work_items_table import WorkItemsTable
from functions.domain.steering import Instruction, Verb, moved_away, steered
from functions.domain.work_items import Record, Stop, branch_key
from functions.handler import Allow

STEER: tuple[Allow, ...] = (
    *WorkItemsTable.FIND,
    *WorkItemsTable.WRITE,
    *PullRequests.USE,
    *Executions.STOP,
    *Executions.HISTORY,
)
_log = logging.getLogger(__name__)
# Before these states the platform has not moved the card yet, and after them it moves the card again.
_WORKING = ("StartBuild", "AwaitBuild")
_UNKNOWN = "No attempt was ever started here. An attempt starts when the card is in the column of the worker."


def steer(
    instruction: Instruction, board: Board, github: PullRequests, records: WorkItemsTable, executions: Executions
) -> None:
    """Do what a comment asks for, and answer it once; comments of people who may not push are ignored."""
    if not github.may_write(instruction.repository, instruction.by):
        _log.warning("%s may not steer #%d of %s", instruction.by, instruction.number, instruction.repository)
        return

    def find() -> Record | None:
        return _about(instruction, github, records)

    answer = carry_out(instruction.verb, instruction.by, find, board, executions, records)
    marker = f"kiro-worker:instruction:{instruction.comment}"
    github.comment_once(instruction.repository, instruction.number, marker, answer)


def _about(instruction: Instruction, github: PullRequests, records: WorkItemsTable) -> Record | None:
    """The record that the comment is about; that of the branch, if it is on a pull request."""
    branch = github.branch_of(instruction.repository, instruction.number) if instruction.pull_request else ""
    return records.about(instruction.repository, instruction.number, branch_key(instruction.repository, branch))


def carry_out(
    verb: Verb,
    by: str,
    find: Callable[[], Record | None],
    board: Board,
    executions: Executions,
    records: WorkItemsTable,
) -> str:
    """Stop or retry the item that `find` reads, in the name of `by`; returns the answer to that person."""
    while True:
        record = find()
        if record is None:
            return _UNKNOWN
        wanted = steered(verb, record, by, board.names.columns)
        if wanted.record is None or records.save(wanted.record):
            break  # else another writer was faster: what follows from the instruction may be something else now
    if wanted.stops:
        executions.stop(record.execution, f"stopped by {by}")
    if wanted.column:
        board.move(record.item_id, wanted.column, wanted.record.reason if wanted.record else "")
    return wanted.answer


def end_if_moved(record: Record, board: Board, records: WorkItemsTable, executions: Executions) -> None:
    """Stop a running attempt whose card a person moved out of the column in progress, or took off the board.

    The card is read before the state. In the states of `_WORKING` the platform has not yet moved the card to where it
    belongs after the attempt, so it was a person.
    """
    if record.item is None or record.stop:
        return
    why = moved_away(record.item, *board.place(record.item_id), board.names.columns)
    if not why or executions.state(record.execution) not in _WORKING:
        return
    if records.save(replace(record, stop=Stop(why, card=True))):
        executions.stop(record.execution, why)
