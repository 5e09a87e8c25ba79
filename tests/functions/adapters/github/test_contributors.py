"""Who has a part in a release, as accounts of GitHub."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from functions.adapters.github.contributors import Contributors
from functions.domain.errors import SourceError
from local.github import LocalGitHub
from tests.functions.adapters.github.conftest import connected
from tests.local.github.support import REPOSITORY, WorkingCopy

MAIN = "refs/heads/main"


@pytest.fixture
def contributors(hub: LocalGitHub) -> Iterator[Contributors]:
    """The adapter under test."""
    with connected(Contributors, hub) as made:
        yield made


@pytest.fixture
def base(copy: WorkingCopy) -> str:
    """The running commit, which Ada pushed."""
    sha = copy.commit("first", {"a": "1"})
    copy.push()
    return sha


@pytest.fixture
def merged(hub: LocalGitHub) -> Callable[[str], str]:
    """Bob opens a pull request of the branch `topic`, Dave merges it; the commit."""

    def call(login: str, method: str, path: str, **body: str) -> Any:
        hub.add_token(f"token-of-{login}", login, f"{login}@example.com")
        headers = {"Authorization": f"Bearer token-of-{login}", "Connection": "close"}
        answer = requests.request(
            method, f"{hub.api_url}/repos/{REPOSITORY}/{path}", json=body, headers=headers, timeout=10
        )
        answer.raise_for_status()
        return answer.json()

    def merge(how: str) -> str:
        number = call("bob", "POST", "pulls", title="Topic", head="topic", base="main")["number"]
        return str(call("dave", "PUT", f"pulls/{number}/merge", merge_method=how)["sha"])

    return merge


def person(hub: LocalGitHub, tmp_path: Path, login: str) -> WorkingCopy:
    """A clone that this person pushes from; its commits say that they are Ada's."""
    hub.add_token(f"token-of-{login}", login, f"{login}@example.com")
    made = WorkingCopy(hub, tmp_path / login, f"token-of-{login}")
    made.git("fetch", "--quiet", "origin", "main")
    made.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    return made


def commit(copy: WorkingCopy, author: str, name: str) -> str:
    """A commit of one author, made by Ada's git."""
    copy.commit(name, {name: name})
    copy.git("commit", "--quiet", "--amend", "--no-edit", "--author", f"{author} <{author}@example.com>")
    return copy.git("rev-parse", "HEAD")


def test_authors_of_all_commits_count(
    contributors: Contributors, hub: LocalGitHub, copy: WorkingCopy, base: str
) -> None:
    """A3: not only the last one's; who wrote what runs already is not among them."""
    for login in ("Bob", "carol"):
        hub.store.person(login, f"{login}@example.com")
    middle, head = commit(copy, "Bob", "second"), commit(copy, "carol", "third")
    copy.push()
    assert contributors.of(REPOSITORY, [base], head, MAIN) == {"ada", "bob", "carol"}
    assert contributors.of(REPOSITORY, [middle], head, MAIN) == {"ada", "carol"}
    assert contributors.of(REPOSITORY, [middle, base], head, MAIN) == {"ada", "bob", "carol"}
    assert contributors.of(REPOSITORY, [], middle, MAIN) == {"ada", "bob"}


def test_who_pushed_counts_whatever_the_commit_says(
    contributors: Contributors, hub: LocalGitHub, tmp_path: Path, base: str
) -> None:
    """A3: git lets everybody choose an author; GitHub knows who pushed."""
    mallory = person(hub, tmp_path, "mallory")
    head = mallory.commit("mine", {"b": "1"})  # as Ada
    mallory.push("origin", "HEAD:main")
    assert "mallory" in contributors.of(REPOSITORY, [base], head, MAIN)
    assert "mallory" not in contributors.of(REPOSITORY, [], base, MAIN)


@pytest.mark.parametrize("method", ["squash", "merge"])
def test_who_opened_wrote_and_merged_a_pull_request_counts(
    contributors: Contributors,
    hub: LocalGitHub,
    copy: WorkingCopy,
    base: str,
    method: str,
    merged: Callable[[str], str],
) -> None:
    """A3: also where a squash has left one commit of them."""
    hub.store.person("carol", "carol@example.com")
    commit(copy, "carol", "help")
    copy.push("origin", "HEAD:topic")
    head = merged(method)
    assert {"bob", "carol", "dave"} <= contributors.of(REPOSITORY, [base], head, MAIN)


def test_without_a_move_to_the_commit_everybody_who_moved_the_branch_counts(
    contributors: Contributors, hub: LocalGitHub, copy: WorkingCopy, tmp_path: Path, base: str
) -> None:
    """A3: a commit in the middle of a push, or one that GitHub has forgotten, excludes rather too many."""
    middle = commit(copy, "nobody", "second")
    commit(copy, "nobody", "third")
    copy.push()
    assert contributors.of(REPOSITORY, [base], middle, MAIN) == {"ada"}
    mallory = person(hub, tmp_path, "mallory")
    mallory.commit("later", {"c": "1"})
    mallory.push("origin", "HEAD:main")
    assert contributors.of(REPOSITORY, [base], middle, MAIN) == {"ada", "mallory"}


def test_too_many_commits_are_refused(
    contributors: Contributors, hub: LocalGitHub, copy: WorkingCopy, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A3: of commits that are not listed nobody knows who made them; the message says what to do."""
    monkeypatch.setattr("functions.adapters.github.contributors.MOST_COMMITS", 1)
    commit(copy, "bob", "second")
    head = commit(copy, "bob", "third")
    copy.push()
    with pytest.raises(SourceError, match=r"has 2 commits that .* deploy an earlier commit first"):
        contributors.of(REPOSITORY, [base], head, MAIN)
