"""Heads of many repositories in one query, and the newest refs of one."""

from collections.abc import Iterator

import pytest
from graphql import parse, validate

from functions.adapters.github.errors import GitHubError
from functions.adapters.github.heads import Heads, heads_document
from functions.domain.reconciliation import Listed
from local.github import LocalGitHub
from local.github.graphql import schema
from tests.functions.adapters.github.conftest import connected
from tests.functions.adapters.github.test_documents import needs_npm, published
from tests.local.github.support import REPOSITORY, WorkingCopy


@pytest.fixture
def heads(hub: LocalGitHub) -> Iterator[Heads]:
    """The adapter under test."""
    with connected(Heads, hub) as made:
        yield made


def test_heads_are_read_fifty_at_a_time(hub: LocalGitHub, copy: WorkingCopy, heads: Heads) -> None:
    """P2: each query costs a point of 5,000 an hour; without the branch, or without a repository, there is no head."""
    commit = copy.commit("feat: one", {"a": "1"})
    copy.push()
    others = [f"acme/r{number:02}" for number in range(55)]
    for name in others[:-1]:
        hub.create_repository(name)
    assert heads.of([*others, REPOSITORY], "main") == {REPOSITORY: commit}
    assert (hub.store.graphql.documents, heads.cost) == (["Heads", "Heads"], 2)


def test_another_error_is_no_missing_repository(hub: LocalGitHub, heads: Heads) -> None:
    """Nothing may pass for a repository that has no branch."""
    hub.store.graphql.limit = 0
    heads.longest_wait_seconds = 0
    with pytest.raises(GitHubError, match="rate limit"):
        heads.of([REPOSITORY], "main")


def test_the_newest_tags_come_first(hub: LocalGitHub, copy: WorkingCopy, heads: Heads) -> None:
    """P2: a hundred at most, however many versions there are; branches only if they are wanted."""
    for day in range(1, 4):
        copy.commit_at(f"2026-01-0{day}T00:00:00Z", "feat: more", {"a": str(day)})
        copy.git("tag", f"v1.0.{9 - day}")
    commit = copy.git("rev-parse", "HEAD").strip()
    copy.push("origin", "main", "--tags")
    tags = ["refs/tags/v1.0.6", "refs/tags/v1.0.7", "refs/tags/v1.0.8"]
    found = heads.listed(REPOSITORY, branches=False)
    assert found
    assert (list(found.refs), found.refs[tags[0]]) == (tags, commit)
    with_branches = heads.listed(REPOSITORY, branches=True)
    assert with_branches == Listed({**found.refs, "refs/heads/main": commit})
    assert heads.listed("acme/gone", branches=False) is None


def test_more_than_a_hundred_tags_are_not_all(hub: LocalGitHub, copy: WorkingCopy, heads: Heads) -> None:
    """The answer says so."""
    commit = copy.commit("feat: one", {"a": "1"})
    copy.push()
    refs = "".join(f"create refs/tags/v1.0.{number} {commit}\n" for number in range(101))
    hub.store.repositories[REPOSITORY].git.run("update-ref", "--stdin", stdin=refs.encode())
    found = heads.listed(REPOSITORY, branches=False)
    assert found
    assert (len(found.refs), found.all_tags) == (100, False)


@needs_npm
def test_the_query_fits_the_published_schema() -> None:
    """As the documents in files do."""
    for known in (published(), schema(filters=True)):
        assert validate(known, parse(heads_document(3))) == []
