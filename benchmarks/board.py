"""The number of GitHub requests that a poll of a large board needs, counted by the local GitHub."""

import json
import tempfile
from pathlib import Path

from benchmarks.ratio import Ratio
from functions.adapters.github.board import Board, Names
from functions.domain.work_items import Columns
from local.github import LocalGitHub

_OWNER, _TOKEN = "acme", "ghp_" + "b" * 36
_SIZE, _WANTED = 10_000, 60


def poll() -> Ratio:
    """Finds the same 60 of 10,000 items with and without the server's filter."""
    with tempfile.TemporaryDirectory() as folder, LocalGitHub(Path(folder)) as github:
        github.add_token(_TOKEN, "kiro-worker")
        board = github.add_board(_OWNER, 1)
        apart = _SIZE // _WANTED
        for number in range(_SIZE):
            wanted = number % apart == 0 and number < apart * _WANTED
            board.add(f"Item {number}", column="Todo" if wanted else "Done")
        requests = {filters: _requests(github, filters=filters) for filters in (True, False)}
    return Ratio(
        "the server filters a board of 10,000 items",
        f"{requests[True]} requests",
        f"{requests[False]} requests",
        requests[False] / requests[True],
        50,
    )


def _requests(github: LocalGitHub, *, filters: bool) -> int:
    github.store.graphql.filters = filters
    board = Board(
        github.api_url,
        lambda: json.dumps({"token": _TOKEN}),
        Names(_OWNER, 1, "Status", "Branch", "Reason", Columns()),
    )
    before = len(github.store.graphql.documents)
    found = len(list(board.items("Todo")))
    if found != _WANTED:
        raise RuntimeError(f"the poll found {found} of {_WANTED} items: check local/github/graphql.py")
    return len(github.store.graphql.documents) - before
