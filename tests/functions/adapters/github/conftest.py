"""The adapter against a local GitHub, over real HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.adapters.github.client import GitHub
from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, TOKEN, WorkingCopy


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LocalGitHub]:
    """A running local GitHub with one repository and one token."""
    with LocalGitHub(tmp_path / "hub") as running:
        running.create_repository(REPOSITORY)
        running.add_token(TOKEN, "ada", "ada@example.com")
        yield running


@pytest.fixture
def copy(hub: LocalGitHub, tmp_path: Path) -> WorkingCopy:
    """A working copy of the repository."""
    return WorkingCopy(hub, tmp_path / "copy")


@pytest.fixture
def github(hub: LocalGitHub) -> Iterator[GitHub]:
    """The adapter under test."""
    made = GitHub(hub.api_url, lambda: json.dumps({"token": TOKEN}))
    yield made
    made.close()
