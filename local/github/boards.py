"""Boards (Projects v2) in memory, with the operations that people use: add, move and read cards."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from local.github.records import Issue, Person, Repository, now

COLUMNS = ("Todo", "In Progress", "In Review", "Failed")


@dataclass(frozen=True)
class Value:
    """The text of a card's field, and the time of its last change."""

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
    body: str = ""
    archived: bool = False
    values: dict[str, Value] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The node id in GraphQL."""
        return f"PVTI_{self.number}"


class Accounts(Protocol):
    """The operations of the store that a board uses."""

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """The lock to hold while a number is chosen and used."""

    def next_id(self) -> int:
        """A number that was never returned before."""

    def person(self, login: str) -> Person:
        """The account of a login; created on first use."""


class Board:
    """One board with a single-select field `Status` and text fields; cards are in the order of their creation."""

    def __init__(
        self,
        store: Accounts,
        owner: str,
        number: int,
        columns: Sequence[str],
        texts: Sequence[str],
        notify: "Callable[[Board, str, Card], None]",
    ) -> None:
        self._store = store
        self._notify = notify
        self.owner = owner
        self.number = number
        self.columns = tuple(columns)
        self.texts = tuple(texts)
        self.cards: dict[str, Card] = {}

    @property
    def id(self) -> str:
        """The node id in GraphQL."""
        return f"PVT_{self.owner}_{self.number}"

    def add_issue(
        self, repository: Repository, title: str, branch: str = "", column: str = "Todo", body: str = ""
    ) -> Card:
        """Open an issue and add its card, as a person does; returns the card."""
        store = self._store
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
        body: str = "",
        age_seconds: int = 0,
    ) -> Card:
        """Add a card; without an issue it is a draft, which has a body of its own."""
        created = now() - timedelta(seconds=age_seconds)
        card = Card(self._store.next_id(), title, created, repository, issue, body)
        if branch:
            card.values["Branch"] = Value(branch, created)
        if column:
            card.values["Status"] = Value(column, created)
        self.cards[card.id] = card
        self._notify(self, "created", card)
        return card

    def move(self, card: Card, column: str) -> None:
        """Move a card to a column, as a person does."""
        self.write(card, "Status", column)

    def write(self, card: Card, name: str, text: str) -> None:
        """Set a text field of a card."""
        before = card.values.get(name)
        if before is None or before.text != text:
            card.values[name] = Value(text, now())
            self._notify(self, "edited", card)

    def column_of(self, card: Card) -> str:
        """The column of a card."""
        return self.text_of(card, "Status")

    def text_of(self, card: Card, name: str) -> str:
        """The text of a card's field; "" when it has none."""
        found = card.values.get(name)
        return found.text if found else ""
