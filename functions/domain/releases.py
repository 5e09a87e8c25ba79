"""A release: one commit of one repository, on its way through the environments."""

import re
from dataclasses import dataclass

from functions.domain.errors import BadInputError

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SKIP = re.compile(r"\[(skip ci|ci skip)\]", re.IGNORECASE)
# Step Functions allows 80 characters; "-<environment>" (at most 17) and "-full-rollback" follow.
LONGEST_NAME = 48


@dataclass(frozen=True, slots=True)
class Release:
    """What is delivered; `committed_at` (ISO 8601, UTC) orders releases of one repository.

    An `emergency` does not wait for windows and is not tested after it was deployed (P8); everybody is told so.
    """

    repository: str
    ref: str
    commit: str
    author: str = ""
    author_email: str = ""
    message: str = ""
    committed_at: str = ""
    emergency: bool = False

    @property
    def short(self) -> str:
        """The commit as people write it."""
        return self.commit[:12]

    @property
    def title(self) -> str:
        """The first line of the commit's message."""
        return self.message.partition("\n")[0]


def is_commit(text: str) -> bool:
    """Whether this is a full commit id."""
    return _COMMIT.fullmatch(text) is not None


def branch_or_tag(ref: str) -> tuple[str, str]:
    """`refs/heads/main` → `("branch", "main")`; anything but a branch or a tag is a BadInputError."""
    for prefix, kind in (("refs/heads/", "branch"), ("refs/tags/", "tag")):
        if ref.startswith(prefix) and len(ref) > len(prefix):
            return kind, ref[len(prefix) :]
    raise BadInputError(f"ref {ref!r} is neither a branch nor a tag: expected refs/heads/… or refs/tags/…")


def execution_name(ref: str, commit: str) -> str:
    """The name that makes a delivery idempotent: `main-1a2b3c4d5e6f`, `tag-v1.2.0-1a2b3c4d5e6f`."""
    kind, name = branch_or_tag(ref)
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", name if kind == "branch" else f"tag-{name}").strip("-.")
    return f"{words[: LONGEST_NAME - 13]}-{commit[:12]}"


def asks_to_skip(message: str) -> bool:
    """P4: `[skip ci]` or `[ci skip]` anywhere in the message."""
    return _SKIP.search(message) is not None
