"""The end of an attempt at a work item: its record, card and comment (W3, W6, W8)."""

import logging

from msgspec.structs import replace

from functions.adapters.clock import Clock
from functions.adapters.github.board import Board
from functions.adapters.github.errors import GitHubError
from functions.adapters.github.pull_requests import PullRequests
from functions.adapters.work_items_table import WorkItemsTable
from functions.adapters.worker_rules import WorkerRules
from functions.domain import progress
from functions.domain.events import WorkItemFinished
from functions.domain.values import Value
from functions.domain.work_items import Ending, Item, Result, State, ended
from functions.handler import Allow

SETTLE: tuple[Allow, ...] = (*WorkItemsTable.READ, *WorkItemsTable.WRITE, *PullRequests.USE, *Board.USE)

_LOG = logging.getLogger(__name__)


class Attempt(Value, frozen=True):
    """The end of an attempt, according to its execution; `seen` is the fingerprint that an ineligible item had."""

    work_id: str
    execution: str
    item: Item
    result: Result
    reason: str
    seen: str = ""
    pull_request: int = 0
    started_at: str = ""


def settle(attempt: Attempt, board: Board, github: PullRequests, records: WorkItemsTable, rules: WorkerRules) -> State:
    """Update card, comment and record, unless the attempt was settled before; returns the item's state.

    The attempt and a poll may settle at once. The first to write the record decides; the other may have moved the card
    last, so it moves the card to the column of the record. Card and comment come first and may be repeated.
    """
    overtaken = False
    while True:
        record = records.get(attempt.item.item_id)
        if record.state != "running" or record.execution != attempt.execution:
            if overtaken:
                board.move(attempt.item.item_id, board.names.columns.of(record.state), record.reason)
            _show_end(attempt, github, records, rules)
            return record.state
        ending = ended(record, attempt.result, attempt.reason, rules.attempts, board.names.columns, attempt.seen)
        moved = _show(attempt, ending, board, github, rules)
        if records.save(replace(ending.record, moved_at=moved or record.moved_at)):
            _show_end(attempt, github, records, rules)
            return ending.record.state
        overtaken = True


def finished(attempt: Attempt, state: State, clock: Clock) -> WorkItemFinished:
    """The event of an attempt that ended now."""
    return WorkItemFinished(
        attempt.work_id,
        attempt.item,
        "stopped" if state == "stopped" else attempt.result,
        state,
        attempt.reason,
        attempt.pull_request,
        attempt.started_at,
        clock.text(),
    )


def _show(attempt: Attempt, ending: Ending, board: Board, github: PullRequests, rules: WorkerRules) -> str:
    """Move the card and comment; returns the time of the move. Drafts and foreign repositories get no comment."""
    item = attempt.item
    moved = board.move(item.item_id, ending.column, ending.record.reason)
    if ending.comment and item.number and item.repository in rules.repositories:
        github.comment_once(item.repository, item.number, f"kiro-worker:{attempt.work_id}", ending.comment)
    return moved


def _show_end(attempt: Attempt, github: PullRequests, records: WorkItemsTable, rules: WorkerRules) -> None:
    """Say in the comment on the progress that the attempt has ended, unless the next one has begun.

    After the record: whoever shows progress reads it again after that, so the end is never hidden by a late push.
    """
    item, record = attempt.item, records.get(attempt.item.item_id)
    if not item.number or item.repository not in rules.repositories or record.execution != attempt.execution:
        return
    text = progress.ended(attempt.work_id, record.state)
    try:
        github.keep(item.repository, item.number, progress.MARKER, text, create=False)
    except GitHubError as error:  # the attempt has ended and is recorded, whatever its comment says
        _LOG.warning("the end was not shown", extra={"execution": attempt.execution, "reason": str(error)})
