"""Conclude: the record, the card and the comment that end an attempt (W3, W6, W8)."""

from dataclasses import dataclass, replace

from functions.adapters.builds import Builds
from functions.adapters.clock import Clock
from functions.adapters.github.board import Board
from functions.adapters.github.pull_requests import PullRequests
from functions.adapters.waits_table import WaitsTable
from functions.adapters.work_items_table import WorkItemsTable
from functions.adapters.worker_rules import WorkerRules
from functions.domain.work_items import Ending, Item, Result, ended
from functions.handler import Handler
from functions.procedures.waits import END, end_all


@dataclass(frozen=True, slots=True)
class Input:
    """How the attempt ended, as its execution saw it; `seen` is what an ineligible item was judged on."""

    work_id: str
    execution: str
    item: Item
    result: Result
    reason: str
    seen: str = ""
    pull_request: int = 0
    started_at: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """The same as it is announced, with where the item stands now."""

    work_id: str
    item: Item
    result: str
    state: str
    reason: str
    pull_request: int
    started_at: str
    finished_at: str


HANDLER = Handler(
    allow=(*WorkItemsTable.READ, *WorkItemsTable.WRITE, *PullRequests.USE, *END), memory_mb=512, timeout_seconds=120
)


def conclude(
    event: Input,
    board: Board,
    github: PullRequests,
    records: WorkItemsTable,
    rules: WorkerRules,
    waits: WaitsTable,
    builds: Builds,
    clock: Clock,
) -> Output:
    """Card and comment come first and may come twice; the record, written last, says that both are done.

    A build that was started, and whose start was not heard, must not work on the branch beside the next attempt's.
    """
    end_all(event.execution, waits, builds)
    state = settle(event, board, github, records, rules)
    return told(event, state, clock)


def settle(event: Input, board: Board, github: PullRequests, records: WorkItemsTable, rules: WorkerRules) -> str:
    """Where the item stands after this attempt; an attempt that was settled before is not settled again.

    Of two that settle at once, the attempt and the poll that found it stopped, the record says who did; the other moved
    the card too, maybe last, and moves it to where the record says.
    """
    overtaken = False
    while True:
        record = records.get(event.item.item_id)
        if record.state != "running" or record.execution != event.execution:
            if overtaken:
                board.move(event.item.item_id, board.names.columns.of(record.state), record.reason)
            return record.state
        ending = ended(record, event.result, event.reason, rules.attempts, board.names.columns, event.seen)
        moved = _tell(event, ending, board, github, rules)
        if records.save(replace(ending.record, moved_at=moved or record.moved_at)):
            return ending.record.state
        overtaken = True


def told(event: Input, state: str, clock: Clock) -> Output:
    """What is announced of an attempt that ended now."""
    return Output(
        event.work_id,
        event.item,
        event.result,
        state,
        event.reason,
        event.pull_request,
        event.started_at,
        clock.text(),
    )


def _tell(event: Input, ending: Ending, board: Board, github: PullRequests, rules: WorkerRules) -> str:
    """A draft and an item of a strange repository can't be commented on: their card says it."""
    item = event.item
    moved = board.move(item.item_id, ending.column, ending.record.reason)
    if ending.comment and item.number and item.repository in rules.repositories:
        github.comment_once(item.repository, item.number, f"kiro-worker:{event.work_id}", ending.comment)
    return moved
