"""Reading a GitHub `push` delivery, whose signature was verified before; the keys of its rows in the waits table.

push/{repository}               the main branch's head as it was last seen
delivery/{SHA-256 of the body}  a webhook delivery that started an execution
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from functions.domain.errors import BadInputError
from functions.domain.releases import Release, branch_or_tag, execution_name, is_commit, skips_ci


@dataclass(frozen=True, slots=True)
class PushKey:
    """The key of the main branch's head as it was last seen."""

    repository: str

    def __str__(self) -> str:
        return f"push/{self.repository}"


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """The key of a webhook delivery: the SHA-256 of its body in hexadecimal."""

    digest: str

    def __str__(self) -> str:
        return f"delivery/{self.digest}"


@dataclass(frozen=True, slots=True)
class Start:
    """Start a deployment of this release under this execution name."""

    name: str
    release: Release


@dataclass(frozen=True, slots=True)
class Ignored:
    """A valid delivery that starts no deployment, and why."""

    reason: str


def read_push(payload: Mapping[str, Any], repositories: frozenset[str], main_branch: str = "main") -> Start | Ignored:
    """The deployment that a push starts, or why none; an invalid payload is a BadInputError that names the field."""
    repository = _text(_object(payload, "repository"), "full_name", "repository.full_name")
    if repository not in repositories:
        known = ", ".join(sorted(repositories)) or "none"
        return Ignored(f"repository {repository} is not delivered by this stack (delivered: {known})")
    ref = _text(payload, "ref", "ref")
    kind, name = branch_or_tag(ref)
    commit = _text(payload, "after", "after")
    if not is_commit(commit):
        raise BadInputError(f"push: after is {commit!r}, expected a full commit id")
    if payload.get("deleted") is True or not commit.strip("0"):
        return Ignored(f"{kind} {name} was deleted")
    if kind != "branch" or name != main_branch:
        return Ignored(f"{kind} {name} is not delivered; only pushes to {main_branch} are")
    head = _object(payload, "head_commit")
    message = _text(head, "message", "head_commit.message", empty=True)
    if skips_ci(message):
        return Ignored("the commit message has [skip ci] or [ci skip]")
    author = _object(head, "author", "head_commit.author")
    release = Release(
        repository,
        ref,
        commit,
        author=_text(author, "name", "head_commit.author.name", empty=True),
        author_email=str(author.get("email") or ""),
        message=message,
        committed_at=_utc(_text(head, "timestamp", "head_commit.timestamp")),
    )
    return Start(execution_name(repository, ref, commit), release)


def _object(value: Mapping[str, Any], key: str, path: str = "") -> Mapping[str, Any]:
    found = value.get(key)
    if not isinstance(found, Mapping):
        raise BadInputError(f"push: {path or key} is missing or not an object")
    return found


def _utc(text: str) -> str:
    """The time of a commit in UTC; GitHub writes it in the time zone of the author."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        pass
    raise BadInputError(f"push: head_commit.timestamp is {text!r}, expected ISO 8601 with a zone")


def _text(value: Mapping[str, Any], key: str, path: str, *, empty: bool = False) -> str:
    found = value.get(key)
    if not isinstance(found, str) or not (found or empty):
        raise BadInputError(f"push: {path} is missing or not a text")
    return found
