"""Conclude: record, card and comment at the end of an attempt (W3, W6, W8)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.adapters.waits_table import WaitsTable
from functions.adapters.work_items_table import WorkItemsTable
from functions.domain.waits import Wait, read_wait_key
from functions.domain.work_items import Record
from functions.handler import encode
from local.github.boards import Board, Card
from tests.functions import builds
from tests.functions.stack import Stack
from tests.functions.work_item.conftest import item_of, record_of, running


def conclude(stack: Stack, card: Card, board: Board, execution: str, result: str, reason: str = "") -> Any:
    """Run the handler."""
    item = encode(item_of(card, board))
    event = {"workId": execution.rpartition(":")[2], "execution": execution, "item": item, "result": result}
    return stack.run("work_item.conclude", {**event, "reason": reason, "seen": "s1"})


def comments(card: Card) -> list[str]:
    """The comments on the issue."""
    assert card.issue
    return [one.body for one in card.issue.comments]


@pytest.fixture
def card(put_up: Callable[..., Card], board: Board) -> Card:
    """A card in progress."""
    made = put_up()
    board.move(made, "In Progress")
    return made


def test_what_passed_goes_to_review(stack: Stack, board: Board, card: Card) -> None:
    """Without a comment, because the pull request has the results."""
    answer = conclude(stack, card, board, running(stack, item_of(card, board)), "passed")
    assert (answer["state"], board.column_of(card), comments(card)) == ("done", "In Review", [])


def test_a_failure_goes_back_until_attempts_are_used_up(stack: Stack, board: Board, card: Card) -> None:
    """To the column after the first of two, to the failed column after the second, with its reasons."""
    first = running(stack, item_of(card, board), "attempt-1")
    assert conclude(stack, card, board, first, "failed", "- tests: 1 of 3 failed")["state"] == "waiting"
    assert board.column_of(card) == "Todo"
    second = running(stack, item_of(card, board), "attempt-2", failures=1)
    assert conclude(stack, card, board, second, "failed", "- tests: 1 of 3 failed")["state"] == "quarantined"
    assert board.column_of(card) == "Failed"
    assert "1 of 3 failed" in board.text_of(card, "Reason")
    assert ["attempt 1 of 2" in comments(card)[0], "until a person moves the card" in comments(card)[1]] == [True, True]


def test_an_ineligible_item_keeps_its_column_and_its_attempts(stack: Stack, board: Board, card: Card) -> None:
    """The record has the fingerprint of what was judged."""
    board.move(card, "Todo")
    answer = conclude(stack, card, board, running(stack, item_of(card, board)), "ineligible", "tasks.md is missing")
    assert (answer["state"], board.column_of(card)) == ("ineligible", "Todo")
    assert (record_of(stack, card)["failures"], record_of(stack, card)["seen"]) == (0, "s1")
    assert "tasks.md is missing" in comments(card)[0]


def test_a_repetition_comments_once(stack: Stack, board: Board, card: Card) -> None:
    """Repeated after its comment, and after its record."""
    execution = running(stack, item_of(card, board))
    conclude(stack, card, board, execution, "failed", "no luck")
    conclude(stack, card, board, execution, "failed", "no luck")
    running(stack, item_of(card, board), "attempt-1b")
    record = {**record_of(stack, card), "execution": execution}
    stack.clients.table("WORK_ITEMS_TABLE").put_item(Item=record)
    conclude(stack, card, board, execution, "failed", "no luck")
    assert len(comments(card)) == 1


def test_the_record_decides_the_column_of_the_card(
    stack: Stack, board: Board, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The poll settles a stopped attempt and moves its card last, but the attempt wrote its record first."""
    execution, save = running(stack, item_of(card, board)), WorkItemsTable.save

    def overtaken(records: WorkItemsTable, record: Record) -> Record | None:
        monkeypatch.setattr(WorkItemsTable, "save", save)
        conclude(stack, card, board, execution, "passed")
        board.move(card, "Todo")
        return save(records, record)

    monkeypatch.setattr(WorkItemsTable, "save", overtaken)
    answer = conclude(stack, card, board, execution, "failed", "it was stopped")
    assert (answer["state"], board.column_of(card)) == ("done", "In Review")


def test_the_same_reason_is_not_commented_again(stack: Stack, board: Board, card: Card) -> None:
    """A second check with the same result adds no comment."""
    for attempt in ("attempt-1", "attempt-2"):
        told = str(record_of(stack, card).get("told", ""))
        execution = running(stack, item_of(card, board), attempt, told=told)
        conclude(stack, card, board, execution, "ineligible", "tasks.md is missing")
    assert len(comments(card)) == 1


def test_a_build_whose_start_was_lost_is_stopped(stack: Stack, board: Board, card: Card) -> None:
    """P9: it must not work on the branch beside the next attempt."""
    execution, build_id = running(stack, item_of(card, board)), builds.start(stack)
    waits = WaitsTable.connect(stack.clients)
    waits.store(Wait(read_wait_key(f"build/{build_id}"), "", execution), datetime.now(UTC))
    conclude(stack, card, board, execution, "failed", "StartBuild: no answer")
    assert [call.given["id"] for call in stack.calls if call.action == "codebuild:StopBuild"] == [build_id]
    assert waits.of_execution(execution) == ()
