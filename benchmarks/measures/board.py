"""Requests for a poll of a large board, counted by the local GitHub."""

import json
import tempfile
from pathlib import Path

from benchmarks.measure import Figure, Measure, Samples, counted
from functions.adapters.github.board import Board, Names
from functions.adapters.project_config import ProjectConfig
from functions.domain.work_items import Columns
from local.github import LocalGitHub

_OWNER, _TOKEN = "acme", "ghp_" + "b" * 36
_SIZE, _WANTED = 10_000, 60


def _take(_pairs: int) -> Samples:
    """Find the same 60 of 10,000 items with and without the server's filter."""
    with tempfile.TemporaryDirectory() as folder, LocalGitHub(Path(folder)) as github:
        github.add_token(_TOKEN, "kiro-worker")
        board = github.add_board(_OWNER, 1)
        apart = _SIZE // _WANTED
        for number in range(_SIZE):
            wanted = number % apart == 0 and number < apart * _WANTED
            board.add(f"Item {number}", column="Todo" if wanted else "Done")
        return counted(_requests(github, filters=True), _requests(github, filters=False))


def _requests(github: LocalGitHub, *, filters: bool) -> int:
    github.store.graphql.filters = filters
    board = Board(
        github.api_url,
        lambda: json.dumps({"token": _TOKEN}),
        Names(_OWNER, 1, "Status", "Branch", "Reason", Columns()),
        ProjectConfig,
    )
    before = len(github.store.graphql.documents)
    found = len(list(board.items("Todo")))
    if found != _WANTED:
        raise RuntimeError(f"the poll found {found} of {_WANTED} items: check local/github/graphql.py")
    return len(github.store.graphql.documents) - before


MEASURE = Measure(
    name="board-requests",
    promise=f"the poll of a board of {_SIZE:,} items with {_WANTED} that match",
    against="a scan of all items",
    unit="requests",
    goal=Figure(2),
    take=_take,
)
