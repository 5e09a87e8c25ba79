"""A board of the local GitHub, and a repository whose branches have specs."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.adapters.records import stored
from functions.domain.work_items import SPEC_FILES, TASKS, Item, Record, branch_key
from functions.handler import encode
from local.github import LocalGitHub
from local.github.boards import Board, Card
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

SpecBranch = Callable[..., str]


@pytest.fixture
def board(stack: Stack, hub: LocalGitHub) -> Board:
    """An empty board."""
    return hub.add_board("acme")


@pytest.fixture
def spec_branch(copy: WorkingCopy) -> SpecBranch:
    """Pushes main once, and a branch with a spec (or these files or tasks); returns its commit."""
    copy.commit("feat: begin", {"README.md": "hello\n"})
    copy.push("origin", "HEAD:refs/heads/main")

    def make(branch: str, files: tuple[str, ...] = SPEC_FILES, tasks: str = "- [ ] 1. Greet\n") -> str:
        copy.git("checkout", "--quiet", "-B", branch, "main")
        spec = {f".kiro/specs/{branch}/{name}": tasks if name == TASKS else f"# {name}\n" for name in files}
        commit = copy.commit("docs: spec", spec)
        copy.push("--force", "origin", branch)
        return commit

    return make


@pytest.fixture
def put_up(hub: LocalGitHub, board: Board) -> Callable[..., Card]:
    """Opens an issue and puts its card on the board."""
    return lambda title="Greet", branch="kiro/greet", **more: board.add_issue(
        hub.repository(REPOSITORY), title, branch, **more
    )


def item_of(card: Card, board: Board, **changes: Any) -> Item:
    """The item of a card, as the poll reads it."""
    facts: dict[str, Any] = {
        "item_id": card.id,
        "kind": "issue",
        "title": card.title,
        "branch": board.text_of(card, "Branch"),
        "created_at": card.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "status_since": card.values["Status"].since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "repository": card.repository.full_name if card.repository else "",
        "number": card.issue.number if card.issue else 0,
    }
    return Item(**{**facts, **changes})


def running(stack: Stack, item: Item, name: str = "attempt-1", *, failures: int = 0, told: str = "") -> str:
    """Write the record of a running attempt; returns its execution."""
    execution = stack.execution("work_item", name, {"workId": name, "item": encode(item)})
    record = Record(
        item.item_id, "running", 1, failures, execution, branch_key(item.repository, item.branch), item=item, told=told
    )
    stack.clients.table("WORK_ITEMS_TABLE").put_item(Item=stored(record))
    return execution


def record_of(stack: Stack, card: Card) -> dict[str, Any]:
    """The record of a card."""
    found: dict[str, Any] = stack.clients.table("WORK_ITEMS_TABLE").get_item(Key={"itemId": card.id}).get("Item", {})
    return found
