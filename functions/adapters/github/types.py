"""Responses of GitHub, as plain values."""

from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, cast

from functions.domain.values import Value

if TYPE_CHECKING:
    from github.Commit import Commit as ApiCommit
    from github.Comparison import Comparison as ApiComparison

MOST_COMMITS = 250
_MOST_FILES = 300  # GitHub lists at most so many files of a comparison, without saying that there are more

StatusState = Literal["error", "failure", "pending", "success"]
DeploymentState = Literal["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]


class Commit(Value, frozen=True):
    """One commit; `author_login` is None if no account has the author's e-mail. `committed_at` is ISO 8601, UTC."""

    sha: str
    message: str
    author_name: str
    author_email: str
    author_login: str | None
    committed_at: str


class Comparison(Value, frozen=True):
    """The difference from base to head; `status` is `unknown` if GitHub can no longer compare them.

    `files` are all files that differ, with both names of a renamed one. It is None if GitHub does not list them all;
    then every file must count as changed. `commits` are at most 250, oldest first; `ahead_by` counts all.
    """

    status: Literal["ahead", "behind", "diverged", "identical", "unknown"]
    ahead_by: int
    behind_by: int
    files: tuple[str, ...] | None
    commits: tuple[Commit, ...]


class Pull(Value, frozen=True):
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


def commit_of(found: "ApiCommit") -> Commit:
    """A commit that PyGithub has read."""
    # Until the commit is completed, PyGithub's `sha` is the ref with which it was requested.
    author = found.commit.author
    login = found.author.login if found.author else None
    when = found.commit.committer.date.isoformat()
    return Commit(found.sha, found.commit.message, author.name, author.email or "", login, when)


def comparison_of(found: "ApiComparison") -> Comparison:
    """A comparison that PyGithub has read."""
    names: dict[str, None] = {}
    for file in found.files:
        if file.status == "renamed":
            names[file.previous_filename] = None
        names[file.filename] = None
    # GitHub lists the files since the common ancestor: changes that only base has are not among them.
    complete = found.status in ("ahead", "identical") and len(found.files) < _MOST_FILES
    return Comparison(
        cast("Any", found.status),
        found.ahead_by,
        found.behind_by,
        tuple(names) if complete else None,
        tuple(commit_of(one) for one in islice(found.commits, MOST_COMMITS)),
    )
