"""Instructions of comments, and cards that people move while they are worked on, on the board and its records (W10)."""

from typing import Any

import pytest

from functions.adapters.work_items_table import WorkItemsTable
from local.github import LocalGitHub
from local.github.boards import Board
from local.github.records import PullRequest
from tests.functions.events.test_poll_board import poll, slept
from tests.functions.stack import Stack
from tests.functions.work_item.conftest import board, item_of, put_up, record_of, running, spec_branch
from tests.local.github.support import REPOSITORY

__all__ = ["board", "put_up", "slept", "spec_branch"]


@pytest.fixture(autouse=True)
def _people(hub: LocalGitHub) -> None:
    """Ada may push, Bob may read, and nobody knows Eve."""
    hub.store.person("ada"), hub.store.person("bob")
    hub.repository(REPOSITORY).collaborators |= {"ada": "write", "bob": "read"}


def say(stack: Stack, verb: str, number: int, by: str = "ada", *, pull: bool = False, comment: int = 31) -> Any:
    """Invoke the poll with an instruction, as the webhook does."""
    instruction = {"verb": verb, "repository": REPOSITORY, "number": number, "pullRequest": pull, "by": by}
    return stack.run("events.poll_board", {"instruction": {**instruction, "comment": comment}})


def stopped(stack: Stack) -> list[str]:
    """The executions that were stopped."""
    return [call.given["executionArn"] for call in stack.calls if call.action == "states:StopExecution"]


def test_a_running_attempt_is_stopped_and_no_other_starts(stack: Stack, board: Board, put_up: Any) -> None:
    """The comment is answered once, also when it comes twice; the poll then finds the end and moves the card."""
    card = put_up()
    execution = running(stack, item_of(card, board))
    board.move(card, "In Progress")
    say(stack, "stop", card.issue.number)
    assert stopped(stack) == [execution]
    say(stack, "stop", card.issue.number)
    assert [one.body.count("is stopped") for one in card.issue.comments] == [1]
    assert poll(stack)["started"] == []
    record = record_of(stack, card)
    assert (record["state"], record["reason"], record["failures"]) == ("stopped", "stopped by ada", 0)
    assert (board.column_of(card), board.text_of(card, "Reason")) == ("Failed", "stopped by ada")
    assert ("WorkItemFinished", "stopped") in [(name, detail["result"]) for name, detail in stack.told()]


def test_a_retry_starts_the_next_attempt_at_once(stack: Stack, board: Board, put_up: Any) -> None:
    """The card goes through the column, and the same invocation polls the board."""
    card = put_up()
    stack.kill(running(stack, item_of(card, board), failures=1))
    poll(stack)
    assert board.column_of(card) == "Failed"
    assert len(say(stack, "retry", card.issue.number)["started"]) == 1
    assert (record_of(stack, card)["state"], record_of(stack, card)["failures"]) == ("running", 0)


def test_a_comment_on_the_pull_request_steers_its_card(
    stack: Stack, board: Board, put_up: Any, spec_branch: Any
) -> None:
    """The card is one of an issue, whose number is another."""
    spec_branch("kiro/greet")
    card = put_up()
    execution = running(stack, item_of(card, board))
    opened = put_up("The pull request", "kiro/other").issue
    opened.pull = PullRequest("kiro/greet", "main", False)
    say(stack, "stop", opened.number, pull=True)
    assert stopped(stack) == [execution]


@pytest.mark.parametrize("by", ["bob", "eve"])
def test_who_may_not_push_steers_nothing(stack: Stack, board: Board, put_up: Any, by: str) -> None:
    """And gets no answer: anybody may comment in a public repository."""
    card = put_up()
    running(stack, item_of(card, board))
    say(stack, "stop", card.issue.number, by)
    assert stopped(stack) == []
    assert card.issue.comments == []
    assert "stop" not in {key for key, value in record_of(stack, card).items() if value}


def test_an_issue_without_an_attempt_gets_an_answer(stack: Stack, hub: LocalGitHub, put_up: Any) -> None:
    """It says when an attempt starts."""
    card = put_up("Greet", "kiro/greet", column="Backlog")
    say(stack, "retry", card.issue.number)
    assert "No attempt was ever started here" in card.issue.comments[0].body


def test_a_card_that_is_moved_away_ends_its_attempt(
    stack: Stack, board: Board, put_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card stays where the person put it, and no attempt starts until it is back."""
    # moto's executions are in one state of this name for ever
    monkeypatch.setattr("functions.procedures.steering._WORKING", ("A State",))
    card = put_up()
    execution = running(stack, item_of(card, board))
    board.move(card, "Backlog")
    assert poll(stack)["started"] == []
    assert stopped(stack) == [execution]
    poll(stack)
    assert (record_of(stack, card)["state"], board.column_of(card)) == ("stopped", "Backlog")
    assert board.text_of(card, "Reason") == "the card was moved to `Backlog`"


def test_a_card_that_the_platform_may_have_moved_ends_nothing(stack: Stack, board: Board, put_up: Any) -> None:
    """In other states than that of the build, the attempt itself moves the card."""
    card = put_up()
    running(stack, item_of(card, board))
    board.move(card, "In Review")
    poll(stack)
    assert stopped(stack) == []


def test_a_write_in_between_is_read_again(
    stack: Stack, board: Board, put_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that ends while an instruction is read is not called running."""
    card = put_up()
    running(stack, item_of(card, board))
    real, late = WorkItemsTable.save, [True]

    def save(table: WorkItemsTable, record: Any) -> Any:
        if late:
            late.clear()
            stack.clients.table("WORK_ITEMS_TABLE").put_item(
                Item={**record_of(stack, card), "state": "done", "revision": 9}
            )
        return real(table, record)

    monkeypatch.setattr(WorkItemsTable, "save", save)
    say(stack, "stop", card.issue.number)
    assert stopped(stack) == []
    assert "Nothing is worked on here: the item is done." in card.issue.comments[0].body
