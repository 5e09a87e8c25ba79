"""Push deliveries: the deployment that one starts, and errors in the payload."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.errors import BadInputError
from functions.domain.pushes import Ignored, Start, read_push

COMMIT = "1a2b3c4d5e6f" + "0" * 28
OURS = frozenset({"acme/hello-service"})
PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "after": COMMIT,
    "deleted": False,
    "repository": {"full_name": "acme/hello-service"},
    "head_commit": {
        "message": "feat: greet",
        "timestamp": "2026-01-31T09:00:00+02:00",
        "author": {"name": "Ada", "email": "ada@example.com"},
    },
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def changed(path: str, value: Any = None, *, gone: bool = False) -> dict[str, Any]:
    """The push with one field replaced or taken out."""
    made = deepcopy(PUSH)
    *above, last = path.split(".")
    place = made
    for name in above:
        place = place[name]
    if gone:
        del place[last]
    else:
        place[last] = value
    return made


def paths(value: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Every field of a payload."""
    for key, inner in value.items():
        yield prefix + key
        if isinstance(inner, dict):
            yield from paths(inner, f"{prefix}{key}.")


NEEDED = [path for path in paths(PUSH) if path not in ("deleted", "head_commit.author.email")]


def test_a_push_to_main_starts_its_release() -> None:
    """Its name has branch, repository and commit; the release knows its author and, in UTC, its time."""
    read = read_push(PUSH, OURS)
    assert isinstance(read, Start)
    assert read.name == "main-c2c39833-1a2b3c4d5e6f"
    assert (read.release.author, read.release.author_email) == ("Ada", "ada@example.com")
    assert read.release.committed_at == "2026-01-31T07:00:00+00:00"


@pytest.mark.parametrize("path", NEEDED)
def test_a_missing_field_is_named(path: str) -> None:
    """The error names the missing field."""
    with pytest.raises(BadInputError, match=re.escape(path)):
        read_push(changed(path, gone=True), OURS)


@pytest.mark.parametrize("path", NEEDED)
@pytest.mark.parametrize("value", [None, 7, [], True])
def test_a_field_of_the_wrong_kind_is_named(path: str, value: Any) -> None:
    """A field of another type is an error that names it."""
    with pytest.raises(BadInputError, match=re.escape(path)):
        read_push(changed(path, value), OURS)


@given(st.sampled_from(list(paths(PUSH))), ANYTHING)
def test_no_payload_breaks_the_reader(path: str, value: Any) -> None:
    """Any value of any field gives a start, a reason or a BadInputError."""
    try:
        read = read_push(changed(path, value), OURS)
    except BadInputError:
        return
    assert isinstance(read, (Start, Ignored))


@given(st.dictionaries(st.text(), ANYTHING))
def test_no_object_at_all_breaks_the_reader(payload: dict[str, Any]) -> None:
    """A payload of another form is a BadInputError."""
    with pytest.raises(BadInputError):
        read_push(payload, OURS)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (changed("repository.full_name", "evil/fork"), "evil/fork is not delivered"),
        (changed("ref", "refs/heads/feature"), "branch feature is not delivered"),
        (changed("ref", "refs/tags/v1.0.0"), "tag v1.0.0 is not delivered"),
        (changed("head_commit.message", "docs [skip ci]"), "has [skip ci]"),
        ({**changed("deleted", value=True), "after": "0" * 40, "head_commit": None}, "was deleted"),
        ({**PUSH, "after": "0" * 40, "head_commit": None}, "was deleted"),
    ],
)
def test_what_rightly_starts_nothing_says_why(payload: dict[str, Any], reason: str) -> None:
    """Foreign repositories, other branches, tags, deletions and skipped commits are ignored with a reason."""
    read = read_push(payload, OURS)
    assert isinstance(read, Ignored)
    assert reason in read.reason


def test_a_foreign_push_is_not_read_further() -> None:
    """Of a repository that the stack does not deliver, only its name is read."""
    assert isinstance(read_push({"repository": {"full_name": "a/b"}}, OURS), Ignored)
    none = read_push(PUSH, frozenset())
    assert isinstance(none, Ignored)
    assert "delivered: none" in none.reason


def test_the_branch_that_is_delivered_is_a_setting() -> None:
    """A push to the configured main branch starts a deployment, whatever its name."""
    assert isinstance(read_push(changed("ref", "refs/heads/trunk"), OURS, "trunk"), Start)


@pytest.mark.parametrize(
    "when", ["yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "2026-01-31T09:00:00"]
)
def test_a_time_that_is_none_is_named(when: str) -> None:
    """A commit time without a zone, or an invalid one, is an error: releases are ordered by it."""
    with pytest.raises(BadInputError, match=r"head_commit\.timestamp"):
        read_push(changed("head_commit.timestamp", when), OURS)


@pytest.mark.parametrize("after", ["", "main", "A" * 40, "1" * 39])
def test_a_commit_id_that_is_none_is_named(after: str) -> None:
    """A commit id that is not complete is an error."""
    with pytest.raises(BadInputError, match="after"):
        read_push(changed("after", after), OURS)
