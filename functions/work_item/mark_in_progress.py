"""MarkInProgress: move the card to the column for items in progress, and show the progress (W10)."""

from dataclasses import dataclass

from functions.adapters.github.board import Board
from functions.adapters.github.pull_requests import PullRequests
from functions.adapters.work_items_table import WorkItemsTable
from functions.domain.work_items import Item
from functions.handler import Handler
from functions.procedures.progress import SHOW, show_progress


@dataclass(frozen=True, slots=True)
class Input:
    """The item whose attempt begins."""

    work_id: str
    item: Item


@dataclass(frozen=True, slots=True)
class Output:
    """The time of the move (ISO 8601)."""

    moved_at: str


HANDLER = Handler(allow=(*Board.USE, *SHOW), memory_mb=512, timeout_seconds=60)


def mark_in_progress(event: Input, board: Board, github: PullRequests, records: WorkItemsTable) -> Output:
    """Move the card and clear its reason, which belongs to the attempt before."""
    moved_at = board.move(event.item.item_id, board.names.columns.in_progress, "")
    show_progress(records.get(event.item.item_id), github, records)
    return Output(moved_at)
