"""The adapter against a local GitHub, over real HTTP."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TypeVar

import pytest
import requests

from functions.adapters.github.client import GitHub
from functions.adapters.github.connection import Connection
from functions.adapters.github.graphql import GraphQL
from local.github import LocalGitHub
from tests.local.github.support import TOKEN, copy, hub

__all__ = ["copy", "github", "hub"]

Adapter = TypeVar("Adapter", bound=Connection)


def connected(kind: Callable[[str, Callable[[], str]], Adapter], hub: LocalGitHub) -> closing[Adapter]:
    """An adapter with a valid token, which is closed at the end."""
    return closing(kind(hub.api_url, lambda: json.dumps({"token": TOKEN})))


@pytest.fixture
def github(hub: LocalGitHub) -> Iterator[GitHub]:
    """The adapter under test."""
    with connected(GitHub, hub) as made:
        yield made


@pytest.fixture
def graphql(hub: LocalGitHub) -> Iterator[GraphQL]:
    """The adapter of boards."""
    with connected(GraphQL, hub) as made:
        yield made


@pytest.fixture
def api_get(hub: LocalGitHub) -> Callable[[str], tuple[int, str]]:
    """A GET below the API's address without following redirects; the status and where it leads."""

    def get(path: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {TOKEN}", "Connection": "close"}
        answer = requests.get(f"{hub.api_url}{path}", headers=headers, allow_redirects=False, timeout=10)
        return answer.status_code, answer.headers.get("Location", "")

    return get
