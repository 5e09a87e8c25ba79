"""Responses of GitHub, as plain values."""

from dataclasses import dataclass
from typing import Literal

StatusState = Literal["error", "failure", "pending", "success"]
DeploymentState = Literal["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; `author_login` is None if no account has the author's e-mail. `committed_at` is ISO 8601, UTC."""

    sha: str
    message: str
    author_name: str
    author_email: str
    author_login: str | None
    committed_at: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference from base to head; `status` is `unknown` if GitHub can no longer compare them.

    `files` are all files that differ, with both names of a renamed one. It is None if GitHub does not list them all;
    then every file must count as changed. `commits` are at most 250, oldest first; `ahead_by` counts all.
    """

    status: Literal["ahead", "behind", "diverged", "identical", "unknown"]
    ahead_by: int
    behind_by: int
    files: tuple[str, ...] | None
    commits: tuple[Commit, ...]


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request: its head and base commits and branches; `fork` if the head is in another repository."""

    number: int
    head: str
    head_branch: str
    base: str
    base_branch: str
    author: str
    is_open: bool
    fork: bool
    updated_at: str


UNKNOWN = Comparison("unknown", 0, 0, None, ())
