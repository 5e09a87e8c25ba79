"""MarkInProgress: move the card to the column for items in progress, and show the progress (W10)."""

from functions.adapters.github.board import Board
from functions.adapters.github.pull_requests import PullRequests
from functions.adapters.work_items_table import WorkItemsTable
from functions.domain.steering import moved_away
from functions.domain.values import Value
from functions.domain.work_items import Item
from functions.handler import Handler
from functions.procedures.progress import SHOW, show_progress


class Input(Value, frozen=True):
    """The item whose attempt begins."""

    work_id: str
    item: Item


class Output(Value, frozen=True):
    """The time of the move (ISO 8601), "" if the card was not moved."""

    moved_at: str


HANDLER = Handler(allow=(*Board.USE, *SHOW), memory_mb=512, timeout_seconds=60)


def mark_in_progress(event: Input, board: Board, github: PullRequests, records: WorkItemsTable) -> Output:
    """Move the card and clear its reason, which belongs to the attempt before.

    A card that a person has moved since the poll stays where it is; the next poll ends the attempt.
    """
    item, columns = event.item, board.names.columns
    if moved_away(item, *board.place(item.item_id), columns):
        return Output("")
    moved_at = board.move(item.item_id, columns.in_progress, "")
    show_progress(records.get(item.item_id), github, records)
    return Output(moved_at)
