"""A receiver of webhooks, and a PyGithub client of the local GitHub's repository."""

from collections.abc import Iterator

import pytest
from github import Auth, Github
from github.Repository import Repository

from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, SECRET, TOKEN, Receiver, copy, hub

__all__ = ["api", "copy", "hub", "receiver"]


@pytest.fixture
def receiver(hub: LocalGitHub) -> Iterator[Receiver]:
    """A receiver of the repository's push events."""
    with Receiver() as running:
        hub.add_hook(REPOSITORY, running.url, SECRET, ["push", "repository_dispatch"])
        yield running


@pytest.fixture
def api(hub: LocalGitHub) -> Iterator[Repository]:
    """The repository through PyGithub, the client that the product uses."""
    with Github(
        base_url=hub.api_url,
        auth=Auth.Token(TOKEN),
        retry=None,
        lazy=True,
        seconds_between_requests=None,
        seconds_between_writes=None,
    ) as client:
        yield client.get_repo(REPOSITORY)
