"""The poll: what it starts and in which order, its cost, and GitHub's rate limits (W1, W2, W4)."""

import gc
import json
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.adapters.github import graphql
from functions.adapters.github.errors import GitHubUnavailableError
from functions.adapters.poll_lease import PollLease
from functions.adapters.work_items_table import WorkItemsTable
from local.github import LocalGitHub
from local.github.boards import Board, Value
from local.github.records import now
from tests.functions.stack import MACHINES, Stack
from tests.functions.work_item.conftest import board, item_of, put_up, record_of, running, spec_branch

__all__ = ["board", "put_up", "spec_branch"]


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the poll would have slept; the test does not wait."""
    waited: list[float] = []
    monkeypatch.setattr(graphql.GraphQL.__init__, "__defaults__", (waited.append,))
    monkeypatch.setattr("functions.adapters.github.board.Board.__init__.__defaults__", (waited.append,))
    return waited


def poll(stack: Stack) -> Any:
    """Run one poll in a new process's state."""
    return stack.run("events.poll_board", {})


def started(stack: Stack) -> list[dict[str, Any]]:
    """The input of every execution, in the order of starts."""
    calls = [call.given for call in stack.calls if call.action == "states:StartExecution"]
    return [json.loads(call["input"]) for call in calls if call["stateMachineArn"] == MACHINES["work_item"]]


def test_the_oldest_items_start_up_to_the_limit(stack: Stack, board: Board, put_up: Any) -> None:
    """Of five items the two oldest start; the next poll starts none while both run."""
    cards = [put_up(f"Item {n}", f"kiro/item-{n}") for n in range(5)]
    for place, card in enumerate(cards):
        card.created = now() - timedelta(hours=place)
    assert len(poll(stack)["started"]) == 2
    assert [one["item"]["title"] for one in started(stack)] == ["Item 4", "Item 3"]
    assert poll(stack)["started"] == []


def test_an_execution_is_named_after_item_and_attempt(stack: Stack, board: Board, put_up: Any) -> None:
    """The record has the same name."""
    card = put_up()
    (name,) = poll(stack)["started"]
    assert name.startswith(f"{card.issue.number}-kiro-greet-")
    assert name.endswith("-1")
    assert record_of(stack, card)["execution"].endswith(name)


def test_a_branch_is_worked_on_once(stack: Stack, board: Board, put_up: Any) -> None:
    """Two cards of one branch wait for each other, also in different polls."""
    put_up("One"), put_up("Two")
    assert len(poll(stack)["started"]) == 1
    assert poll(stack)["started"] == []


def test_other_columns_and_archived_cards_are_left_alone(stack: Stack, board: Board, put_up: Any) -> None:
    """Only cards in the column are started."""
    put_up("Elsewhere", "kiro/a", column="In Review")
    put_up("Archived", "kiro/b").archived = True
    assert poll(stack)["started"] == []


def test_a_dead_attempt_is_settled_and_tried_again(stack: Stack, board: Board, put_up: Any) -> None:
    """A stopped execution leaves its card in progress; the poll settles it and starts the next attempt."""
    card = put_up()
    execution = running(stack, item_of(card, board))
    board.move(card, "In Progress")
    stack.kill(execution)
    assert poll(stack)["started"] == [record_of(stack, card)["execution"].rpartition(":")[2]]
    assert record_of(stack, card)["failures"] == 1
    assert "stopped" in card.issue.comments[0].body


def test_a_last_attempt_that_died_is_announced(stack: Stack, board: Board, put_up: Any) -> None:
    """The poll announces it, because the execution can't: people are notified that the item waits for them."""
    card = put_up()
    execution = running(stack, item_of(card, board), failures=1)
    stack.kill(execution)
    assert poll(stack)["started"] == []
    ((name, detail),) = stack.told()
    assert (name, detail["state"], detail["workId"]) == ("WorkItemFinished", "quarantined", "attempt-1")
    assert "stopped" in detail["reason"]
    poll(stack)
    assert len(stack.told()) == 1


def test_an_ineligible_item_is_checked_again_after_a_change(
    stack: Stack, board: Board, put_up: Any, spec_branch: Any
) -> None:
    """A push to its branch is a change; another poll is not."""
    card = put_up()
    spec_branch("kiro/greet", ())
    name = poll(stack)["started"][0]
    item = item_of(card, board)
    checked = stack.run("work_item.check_item", {"workId": name, "item": started(stack)[0]["item"]})
    execution = record_of(stack, card)["execution"]
    told = {"workId": name, "execution": execution, "item": started(stack)[0]["item"], "result": "ineligible"}
    stack.run("work_item.conclude", {**told, "reason": checked["reason"], "seen": checked["seen"]})
    assert item.branch == "kiro/greet"
    assert poll(stack)["started"] == []
    spec_branch("kiro/greet")
    assert len(poll(stack)["started"]) == 1


@pytest.mark.parametrize("state", ["quarantined", "done"])
def test_only_a_person_brings_a_finished_item_back(stack: Stack, board: Board, put_up: Any, state: str) -> None:
    """A card that was in the column before the worker moved it is ignored; one moved later has all attempts."""
    card = put_up()
    item = item_of(card, board)
    running(stack, item)
    row = {**record_of(stack, card), "state": state, "failures": 2, "movedAt": item.status_since}
    stack.clients.table("WORK_ITEMS_TABLE").put_item(Item=row)
    assert poll(stack)["started"] == []
    stack.clients.table("WORK_ITEMS_TABLE").put_item(Item={**row, "movedAt": "2020-01-01T00:00:00Z"})
    assert len(poll(stack)["started"]) == 1
    assert record_of(stack, card)["failures"] == 0


def grow(board: Board, size: int) -> None:
    """Fill a board up to a size, with 60 items in the column."""
    for number in range(len(board.cards), size):
        board.add(f"Item {number}", f"kiro/item-{number}", "Done")
    cards = list(board.cards.values())
    for place, card in enumerate(cards):
        card.values["Status"] = Value("Done", card.created)
        if place % (size // 60) == 0 and place < size // 60 * 60:
            card.values["Status"] = Value("Todo", card.created)
    assert sum(board.column_of(card) == "Todo" for card in cards) == 60


def test_a_large_board_is_read_in_two_requests(stack: Stack, hub: LocalGitHub, board: Board) -> None:
    """Of 10,000 items 60 are in the column: GitHub filters, and its support for that is queried once."""
    grow(board, 2_000)
    answer = poll(stack)
    assert len(hub.store.graphql.documents) == answer["requests"] <= 2
    assert len(answer["started"]) == 2


@pytest.mark.long
@pytest.mark.unmeasured  # beside the tracing of memory it would take half a minute
def test_a_large_board_without_filter_costs_its_pages_and_no_memory(
    stack: Stack, hub: LocalGitHub, board: Board
) -> None:
    """1,000 items take at most 11 requests, and no more memory than 200 items."""
    hub.store.graphql.filters = False
    poll(stack)  # imports and clients are no part of what a board costs
    grow(board, 200)
    small = peak_bytes(lambda: poll(stack))
    for row in stack.items("work_items"):  # what it started would leave no handler
        stack.clients.table("WORK_ITEMS_TABLE").delete_item(Key={"itemId": row["itemId"]})
    grow(board, 1_000)
    begun = len(hub.store.graphql.documents)
    large = peak_bytes(lambda: poll(stack))
    assert 10 <= len(hub.store.graphql.documents) - begun <= 11
    assert large < 1.5 * small


def peak_bytes(act: Callable[[], object]) -> int:
    """The most bytes that a call allocated at once."""
    gc.collect()
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_secondary_limit_is_waited_out(stack: Stack, hub: LocalGitHub, board: Board, put_up: Any, slept: Any) -> None:
    """403 with Retry-After: the poll waits that long, and needs one more request."""
    put_up()
    body = {"message": "You have exceeded a secondary rate limit"}
    hub.respond_with("POST", "/api/graphql", 403, {"Retry-After": "30"}, body)
    assert len(poll(stack)["started"]) == 1
    assert len(slept) == 1
    assert 30 <= slept[0] <= 33


@pytest.mark.parametrize("kind", ["RATE_LIMITED", "RATE_LIMIT"])  # GitHub has said either
def test_a_primary_limit_is_waited_out(
    stack: Stack, hub: LocalGitHub, board: Board, put_up: Any, slept: Any, kind: str
) -> None:
    """A limit in a response with status 200: the poll waits for the reset in its headers."""
    put_up()
    error = {"errors": [{"type": kind, "message": "API rate limit already exceeded for user ID 1"}]}
    reset = str(int(now().timestamp()) + 60)
    hub.respond_with("POST", "/api/graphql", 200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}, error)
    answer = poll(stack)
    assert (len(answer["started"]), answer["requests"]) == (1, 3)
    assert 50 <= slept[0] <= 67


def test_a_secondary_limit_in_a_200_is_waited_out(
    stack: Stack, hub: LocalGitHub, board: Board, put_up: Any, slept: Any
) -> None:
    """It has no error type, and points are left, so the hourly reset does not apply: the poll waits a minute."""
    put_up()
    error = {"errors": [{"message": "You have exceeded a secondary rate limit. Please wait a few minutes"}]}
    headers = {"X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": str(int(now().timestamp()) + 3000)}
    hub.respond_with("POST", "/api/graphql", 200, headers, error)
    assert len(poll(stack)["started"]) == 1
    assert 60 <= slept[0] <= 66


def test_a_limit_beyond_its_patience_fails_the_poll(stack: Stack, hub: LocalGitHub, board: Board) -> None:
    """The event becomes a dead letter with an alarm; the lease is released."""
    hub.respond_with("POST", "/api/graphql", 403, {"Retry-After": "3000"}, {"message": "secondary rate limit"})
    with pytest.raises(GitHubUnavailableError):
        poll(stack)
    assert poll(stack)["outcome"] == "polled"


def test_a_poll_that_fails_keeps_no_lease_for_a_trigger(
    stack: Stack, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trigger that arrived during it would have had another pass; after a failure the next poll is that."""
    lease, read = PollLease.connect(stack.clients), WorkItemsTable.running

    def fails(_: WorkItemsTable) -> Any:
        assert lease.take("another trigger", now(), 60) is None
        raise GitHubUnavailableError("GitHub is not there")

    monkeypatch.setattr(WorkItemsTable, "running", fails)
    with pytest.raises(GitHubUnavailableError):
        poll(stack)
    monkeypatch.setattr(WorkItemsTable, "running", read)
    assert poll(stack)["outcome"] == "polled"


def test_one_poll_at_a_time(stack: Stack, board: Board) -> None:
    """A second poll leaves a request with the first, which reads the board once more."""
    lease = PollLease.connect(stack.clients)
    assert lease.take("first", now(), 60) == ()
    assert poll(stack) == {"outcome": "a poll is under way"}
    assert not lease.give_back("first", ())
    assert lease.give_back("first", ())
    assert poll(stack)["outcome"] == "polled"


def test_an_index_that_lags_hides_nothing(
    stack: Stack, board: Board, put_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poll right after another counts what that one started, before the index contains it."""
    for number in range(4):
        put_up(f"Item {number}", f"kiro/item-{number}")
    monkeypatch.setattr(WorkItemsTable, "running", lambda _: ())
    assert [len(poll(stack)["started"]) for _ in range(3)] == [2, 0, 0]


def test_the_lease_of_a_dead_poll_expires(stack: Stack, board: Board) -> None:
    """The next poll waits no longer than that."""
    assert PollLease.connect(stack.clients).take("dead", now() - timedelta(seconds=61), 60) == ()
    assert poll(stack)["outcome"] == "polled"


def test_without_a_board_nothing_is_queried(stack: Stack, hub: LocalGitHub) -> None:
    """A stack without a board polls nothing."""
    stack.settings["BOARD"] = stack.settings["BOARD"].replace('"number": 1', '"number": 0')
    assert poll(stack) == {"outcome": "no board is configured"}
    assert hub.requests == []


def test_a_board_that_is_not_there_is_named(stack: Stack, hub: LocalGitHub) -> None:
    """The error names the board and where to correct it."""
    hub.add_board("acme", 7)
    with pytest.raises(Exception, match="board acme/1"):
        poll(stack)
