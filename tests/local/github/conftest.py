"""A local GitHub with one repository, one all-mighty token, and a receiver of its webhooks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from github import Auth, Github
from github.Repository import Repository

from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, SECRET, TOKEN, Receiver, WorkingCopy


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LocalGitHub]:
    """A running local GitHub."""
    with LocalGitHub(tmp_path / "hub") as running:
        running.create_repository(REPOSITORY)
        running.add_token(TOKEN, "ada", "ada@example.com")
        yield running


@pytest.fixture
def copy(hub: LocalGitHub, tmp_path: Path) -> WorkingCopy:
    """A working copy with nothing in it yet."""
    return WorkingCopy(hub, tmp_path / "copy")


@pytest.fixture
def receiver(hub: LocalGitHub) -> Iterator[Receiver]:
    """A receiver that is hooked to the repository's pushes."""
    with Receiver() as running:
        hub.add_hook(REPOSITORY, running.url, SECRET, ["push", "repository_dispatch"])
        yield running


@pytest.fixture
def api(hub: LocalGitHub) -> Iterator[Repository]:
    """The repository through PyGithub, the client the product uses."""
    with Github(
        base_url=hub.api_url,
        auth=Auth.Token(TOKEN),
        retry=None,
        lazy=True,
        seconds_between_requests=None,
        seconds_between_writes=None,
    ) as client:
        yield client.get_repo(REPOSITORY)
