"""The adapter against a local GitHub, over real HTTP."""

import json
from collections.abc import Iterator

import pytest

from functions.adapters.github.client import GitHub
from local.github import LocalGitHub
from tests.local.github.support import TOKEN, copy, hub

__all__ = ["copy", "github", "hub"]


@pytest.fixture
def github(hub: LocalGitHub) -> Iterator[GitHub]:
    """The adapter under test."""
    made = GitHub(hub.api_url, lambda: json.dumps({"token": TOKEN}))
    yield made
    made.close()
