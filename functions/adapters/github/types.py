"""What GitHub answers, as plain values."""

from dataclasses import dataclass
from typing import Literal

StatusState = Literal["error", "failure", "pending", "success"]
DeploymentState = Literal["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; no `author_login` when GitHub knows no account for the e-mail; `committed_at` is ISO 8601, UTC."""

    sha: str
    message: str
    author_name: str
    author_email: str
    author_login: str | None
    committed_at: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What head has that base has not; `unknown` and no files when GitHub can no longer compare the two.

    `files` are all that differ, with both names of a renamed one. It is None when GitHub did not tell them all: treat
    everything as changed then. `commits` are oldest first, at most 250; `ahead_by` counts them all.
    """

    status: Literal["ahead", "behind", "diverged", "identical", "unknown"]
    ahead_by: int
    behind_by: int
    files: tuple[str, ...] | None
    commits: tuple[Commit, ...]


UNKNOWN = Comparison("unknown", 0, 0, None, ())
