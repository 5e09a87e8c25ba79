"""Cards of the laptop's board, made by a command."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local import cards
from local.github import LocalGitHub
from local.platform import PlatformError
from local.settings import BOARD, ORGANISATION, REPOSITORY
from tests.local.github.support import TOKEN, hub

__all__ = ["hub"]


@pytest.fixture
def where(hub: LocalGitHub, tmp_path: Path) -> Mapping[str, Any]:
    """How the local GitHub is reached, which has the board."""
    hub.add_board(ORGANISATION, BOARD)
    return {"github": hub.url, "githubApi": hub.api_url, "githubToken": TOKEN}


def test_a_card_has_an_issue_a_branch_and_a_column(hub: LocalGitHub, where: Mapping[str, Any]) -> None:
    """The worker can begin it: everything is there when it enters the column."""
    made = cards.add(where, REPOSITORY, "Greet", branch="kiro/greet", body="By the hour.", column="Todo")
    board = hub.store.boards[ORGANISATION, BOARD]
    card = board.cards[made.card]
    assert (card.title, board.text_of(card, "Branch"), board.column_of(card)) == ("Greet", "kiro/greet", "Todo")
    assert card.issue
    assert (card.issue.number, card.issue.body) == (made.number, "By the hour.")
    assert list(card.values) == ["Branch", "Status"]


@pytest.mark.parametrize(
    ("repository", "column", "said"),
    [(REPOSITORY, "Doing", "no column 'Doing'"), ("acme/none", "Todo", "Not Found")],
)
def test_a_refused_card_leaves_nothing(
    hub: LocalGitHub, where: Mapping[str, Any], repository: str, column: str, said: str
) -> None:
    """The reason is GitHub's own."""
    with pytest.raises(PlatformError, match=said):
        cards.add(where, repository, "Greet", branch="", body="", column=column)
    assert not hub.store.boards[ORGANISATION, BOARD].cards
    assert not hub.repository(REPOSITORY).issues
