"""The progress of an attempt is one comment that is kept current (W10)."""

from typing import Any

import pytest
from github import Auth, Github

from functions.adapters.clock import Clock
from functions.adapters.github.pull_requests import PullRequests
from functions.adapters.waits_table import WaitsTable
from functions.adapters.work_items_table import WorkItemsTable
from functions.domain.progress import MARKER
from functions.domain.waits import BuildKey, Wait
from functions.domain.work_items import Record
from functions.procedures.progress import show_progress
from local.github import LocalGitHub
from local.github.boards import Board, Card
from tests.functions.builds import start
from tests.functions.events.test_poll_board import poll, slept
from tests.functions.stack import Stack
from tests.functions.work_item.conftest import board, item_of, put_up, running, spec_branch
from tests.local.github.support import REPOSITORY

__all__ = ["board", "put_up", "slept", "spec_branch"]

TASKS = "- [{}] 1. Greet\n- [{}] 2. Shout\n"


@pytest.fixture
def card(stack: Stack, board: Board, put_up: Any, spec_branch: Any) -> Card:
    """A card whose attempt runs."""
    spec_branch("kiro/greet", tasks=TASKS.format(" ", " "))
    made: Card = put_up()
    running(stack, item_of(made, board))
    board.move(made, "In Progress")
    return made


def pushed(stack: Stack, branch: str = "kiro/greet") -> Any:
    """Invoke the poll as the webhook does for a push of a branch."""
    return stack.run("events.poll_board", {"pushed": f"branch/{REPOSITORY}/{branch}"})


def shown(card: Card) -> list[str]:
    """The second lines of the comments: what people read first."""
    assert card.issue
    return [one.body.splitlines()[1] for one in card.issue.comments]


def test_each_task_changes_the_one_comment(stack: Stack, hub: LocalGitHub, card: Card, spec_branch: Any) -> None:
    """W10: a push that marks nothing costs one request, and the board is not read."""
    pushed(stack)
    assert shown(card) == ["**Task 1 of 2: Greet**"]
    first = len(hub.requests)
    pushed(stack)
    assert [path.rpartition("/")[2] for _, path in hub.requests[first:]] == ["tasks.md"]
    spec_branch("kiro/greet", tasks=TASKS.format("x", " "))
    pushed(stack)
    assert shown(card) == ["**Task 2 of 2: Shout**"]
    spec_branch("kiro/greet", tasks=TASKS.format("x", "x"))
    poll(stack)  # the webhook was lost
    assert shown(card) == ["**All 2 tasks are done; the checks run**"]


def test_the_comment_links_the_build(stack: Stack, card: Card) -> None:
    """As soon as the attempt waits for one."""
    found = start(stack)
    assert card.issue
    pushed(stack)
    record = WorkItemsTable.connect(stack.clients).get(card.id)
    WaitsTable.connect(stack.clients).store(Wait(BuildKey(found), "token", record.execution), Clock().now())
    stack.rewrite(found, logs={"deepLink": "https://console.example.com/log"})
    pushed(stack)
    (comment,) = card.issue.comments
    assert "[build](https://console.example.com/log)" in comment.body


def test_the_end_of_the_attempt_is_in_the_comment(stack: Stack, card: Card, board: Board) -> None:
    """It does not say for ever that somebody works; the next attempt has the same comment."""
    pushed(stack)
    stack.kill(running(stack, item_of(card, board), "attempt-2", failures=1))
    poll(stack)
    end = "Attempt `attempt-2` has ended: the item is quarantined. Comment `/kiro retry`, or move the card"
    assert shown(card)[0].startswith(end)
    pushed(stack)
    assert shown(card)[0].startswith(end)
    running(stack, item_of(card, board), "attempt-3")
    pushed(stack)
    assert shown(card)[0] == "**Task 1 of 2: Greet**"


def test_a_push_at_the_end_does_not_hide_it(
    stack: Stack, card: Card, board: Board, spec_branch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The webhook of the last task is handled while the attempt is settled, just before its record is written."""
    spec_branch("kiro/greet", tasks=TASKS.format("x", "x"))
    stack.kill(running(stack, item_of(card, board), "attempt-2", failures=1))
    real, github = WorkItemsTable.save, PullRequests.connect(stack.clients)

    def save(self: WorkItemsTable, record: Record) -> Record | None:
        if record.state == "quarantined":
            show_progress(self.get(record.item_id), github, self)
        return real(self, record)

    monkeypatch.setattr(WorkItemsTable, "save", save)
    poll(stack)
    github.close()
    assert [one.partition(":")[0] for one in shown(card)][-1] == "Attempt `attempt-2` has ended"


def test_other_branches_and_other_authors_change_nothing(stack: Stack, hub: LocalGitHub, card: Card) -> None:
    """Anybody may write the marker."""
    pushed(stack, "kiro/other")
    assert card.issue
    assert card.issue.comments == []
    eve = hub.store.person("eve")
    hub.add_token("eves", "eve")
    with Github(base_url=hub.api_url, auth=Auth.Token("eves"), lazy=True) as client:
        client.get_repo(REPOSITORY).get_issue(card.issue.number).create_comment(f"{MARKER}\nAll is well")
    pushed(stack)
    assert [(one.author == eve, one.body.splitlines()[1]) for one in card.issue.comments] == [
        (True, "All is well"),
        (False, "**Task 1 of 2: Greet**"),
    ]


def test_a_comment_that_can_not_be_written_stops_no_attempt(stack: Stack, hub: LocalGitHub, card: Card) -> None:
    """GitHub is down: the next push or poll writes it."""
    fault = hub.respond_with("GET", ".*/comments", 502, times=9)
    assert pushed(stack)["outcome"] == "progress is shown"
    fault.times = 0
    pushed(stack)
    assert shown(card) == ["**Task 1 of 2: Greet**"]
