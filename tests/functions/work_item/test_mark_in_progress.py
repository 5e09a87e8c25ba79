"""MarkInProgress: the card is in the column for items in progress."""

from typing import Any

import pytest

from functions.domain.errors import BadInputError
from functions.handler import encode
from local.github import LocalGitHub
from local.github.boards import Board
from tests.functions.stack import Stack
from tests.functions.work_item.conftest import item_of


def test_the_card_moves_and_an_old_reason_goes(stack: Stack, board: Board, put_up: Any) -> None:
    """A repetition changes nothing."""
    card = put_up()
    board.write(card, "Reason", "tests failed")
    event = {"workId": "w", "item": encode(item_of(card, board))}
    since = [stack.run("work_item.mark_in_progress", event)["movedAt"] for _ in range(2)]
    assert (board.column_of(card), board.text_of(card, "Reason")) == ("In Progress", "")
    assert since[0] == since[1] != ""


@pytest.mark.parametrize("column", ["In Review", "Failed"])
def test_a_card_that_was_moved_away_a_moment_ago_stays_there(
    stack: Stack, board: Board, put_up: Any, column: str
) -> None:
    """W10: between the poll and now, which may include a wait for the branch's lock; the next poll ends the attempt."""
    card = put_up()
    item = item_of(card, board)
    board.move(card, column)
    assert stack.run("work_item.mark_in_progress", {"workId": "w", "item": encode(item)}) == {"movedAt": ""}
    assert board.column_of(card) == column


def test_a_missing_column_is_named_with_those_that_are_there(stack: Stack, hub: LocalGitHub, put_up: Any) -> None:
    """The error says how to correct it."""
    other = hub.add_board("acme", 1, ("Todo", "Doing"))
    card = other.add("Greet", "kiro/greet", "Todo")
    with pytest.raises(BadInputError, match=r"no option 'In Progress' \(it has Todo, Doing\)"):
        stack.run("work_item.mark_in_progress", {"workId": "w", "item": encode(item_of(card, other, kind="draft"))})


def test_the_reason_field_is_optional(stack: Stack, hub: LocalGitHub) -> None:
    """Without it, the card is moved only."""
    other = hub.add_board("acme", 1, texts=())
    card = other.add("Greet", "kiro/greet", "Todo")
    stack.run("work_item.mark_in_progress", {"workId": "w", "item": encode(item_of(card, other, kind="draft"))})
    assert other.column_of(card) == "In Progress"
