"""MarkInProgress: move the card to the column for items in progress."""

from dataclasses import dataclass

from functions.adapters.github.board import Board
from functions.domain.work_items import Item
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """The item whose attempt begins."""

    work_id: str
    item: Item


@dataclass(frozen=True, slots=True)
class Output:
    """The time of the move (ISO 8601)."""

    moved_at: str


HANDLER = Handler(allow=Board.USE, memory_mb=512, timeout_seconds=60)


def mark_in_progress(event: Input, board: Board) -> Output:
    """Move the card and clear its reason, which belongs to the attempt before."""
    return Output(board.move(event.item.item_id, board.names.columns.in_progress, ""))
