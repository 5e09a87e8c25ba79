"""Pull requests: their events, their files, and those of forks."""

import json
from collections.abc import Iterator

import pytest
from github.Repository import Repository

from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, SECRET, Receiver, WorkingCopy, eventually


@pytest.fixture
def receiver(hub: LocalGitHub) -> Iterator[Receiver]:
    """A receiver of pull requests' events."""
    with Receiver() as running:
        hub.add_hook(REPOSITORY, running.url, SECRET, ["pull_request"])
        yield running


def events(receiver: Receiver, count: int) -> list[tuple[str, str]]:
    """Action and head of so many events."""
    eventually(lambda: len(receiver.events("pull_request")) >= count)
    bodies = [json.loads(one.body) for one in receiver.events("pull_request")]
    return [(body["action"], body["pull_request"]["head"]["sha"]) for body in bodies]


def test_what_happens_to_a_pull_request_is_an_event(api: Repository, copy: WorkingCopy, receiver: Receiver) -> None:
    """https://docs.github.com/webhooks/webhook-events-and-payloads#pull_request"""
    copy.commit("first", {"a": "1"})
    copy.push()
    copy.git("switch", "--quiet", "--create", "topic")
    one = copy.commit("topic", {"b": "1"})
    copy.push()
    pull = api.create_pull(base="main", head="topic", title="Topic", body="")
    two = copy.commit("more", {"c": "1"})
    copy.push()
    pull.edit(state="closed")
    pull.edit(state="open")
    assert events(receiver, 4) == [("opened", one), ("synchronize", two), ("closed", two), ("reopened", two)]
    assert [file.filename for file in pull.get_files()] == ["b", "c"]


def test_the_commits_of_a_fork_are_in_the_repository(hub: LocalGitHub, api: Repository, copy: WorkingCopy) -> None:
    """GitHub has them below `refs/pull`, so that they can be read there."""
    copy.commit("first", {"a": "1"})
    copy.push()
    fork = hub.create_repository("eve/hello-service")
    copy.git("remote", "add", "fork", copy.git("remote", "get-url", "origin").replace("acme/", "eve/"))
    copy.git("switch", "--quiet", "--create", "topic")
    copy.commit("topic", {"b": "1"})
    copy.push("fork", "topic", "main")
    pull = api.create_pull(base="main", head="eve:topic", title="Topic", body="")
    assert pull.head.repo.full_name == fork.full_name
    sha = copy.commit("more", {"c": "1"})
    copy.push("fork", "topic")
    assert api.get_pull(pull.number).head.sha == sha
    assert api.get_contents("c", ref=sha).decoded_content == b"1"  # type: ignore[union-attr]
