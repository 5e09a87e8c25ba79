"""Boards (Projects v2) in memory, and what people do on them: put a card up, move it, look where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from local.github import shapes
from local.github.records import Issue, Repository, now
from local.github.routing import Hub

COLUMNS = ("Todo", "In Progress", "In Review", "Failed")


@dataclass(frozen=True)
class Value:
    """What a field of a card holds, and since when."""

    text: str
    since: datetime


@dataclass
class Card:
    """An item of a board: an issue or pull request of a repository, or a draft without one."""

    number: int
    title: str
    created: datetime
    repository: Repository | None = None
    issue: Issue | None = None
    archived: bool = False
    values: dict[str, Value] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its name in GraphQL."""
        return f"PVTI_{self.number}"


class Board:
    """One board with a single-select field `Status` and text fields; its cards in the order they came."""

    def __init__(self, hub: Hub, owner: str, number: int, columns: Sequence[str], texts: Sequence[str]) -> None:
        self._hub = hub
        self.owner = owner
        self.number = number
        self.columns = tuple(columns)
        self.texts = tuple(texts)
        self.cards: dict[str, Card] = {}

    @property
    def id(self) -> str:
        """Its name in GraphQL."""
        return f"PVT_{self.owner}_{self.number}"

    def add_issue(
        self, repository: Repository, title: str, branch: str = "", column: str = "Todo", body: str = ""
    ) -> Card:
        """Open an issue and put it up, as a person does."""
        store = self._hub.store
        person = store.person(repository.owner)
        with store.lock:
            issue = Issue(store.next_id(), len(repository.issues) + 1, title, body, person, now())
            repository.issues.append(issue)
        return self.add(title, branch, column, repository=repository, issue=issue)

    def add(
        self,
        title: str,
        branch: str = "",
        column: str = "",
        *,
        repository: Repository | None = None,
        issue: Issue | None = None,
        age_seconds: int = 0,
    ) -> Card:
        """Put a card up; without an issue it is a draft."""
        created = now() - timedelta(seconds=age_seconds)
        card = Card(self._hub.store.next_id(), title, created, repository, issue)
        if branch:
            card.values["Branch"] = Value(branch, created)
        if column:
            card.values["Status"] = Value(column, created)
        self.cards[card.id] = card
        self._told("created", card)
        return card

    def move(self, card: Card, column: str) -> None:
        """Move a card, as a person does by hand."""
        self.write(card, "Status", column)

    def write(self, card: Card, name: str, text: str) -> None:
        """Write a field of a card."""
        before = card.values.get(name)
        if before is None or before.text != text:
            card.values[name] = Value(text, now())
            self._told("edited", card)

    def column_of(self, card: Card) -> str:
        """Where a card stands."""
        return self.text_of(card, "Status")

    def text_of(self, card: Card, name: str) -> str:
        """What a field of a card says."""
        found = card.values.get(name)
        return found.text if found else ""

    def _told(self, action: str, card: Card) -> None:
        """The organisation's webhook, once; here those hooks of a repository of its own that listen stand for it."""
        ours = [one for one in list(self._hub.store.repositories.values()) if one.owner == self.owner]
        for repository in [card.repository] if card.repository else ours[:1]:
            self._hub.emit(repository, "projects_v2_item", _payload(self._hub, self, action, card))


def _payload(hub: Hub, board: Board, action: str, card: Card) -> Mapping[str, Any]:
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads#projects_v2_item"""
    person = shapes.user(hub, hub.store.person(board.owner))
    kind = "DraftIssue" if card.issue is None else "PullRequest" if card.issue.pull else "Issue"
    return {
        "action": action,
        "projects_v2_item": {
            "id": card.number,
            "node_id": card.id,
            "project_node_id": board.id,
            "content_node_id": shapes.node(kind, card.issue.id if card.issue else card.number),
            "content_type": kind,
            "creator": person,
            "created_at": shapes.moment(card.created),
            "updated_at": shapes.moment(now()),
            "archived_at": None,
        },
        "organization": {"login": board.owner, "id": hub.store.person(board.owner).id},
        "sender": person,
    }
