"""A release: one commit of one repository that is delivered, or images with the manifest of one."""

import re
from hashlib import sha256

from msgspec import field

from functions.domain.errors import BadInputError
from functions.domain.images import Image, named
from functions.domain.order import Order
from functions.domain.texts import one_line
from functions.domain.values import Value

_COMMIT = re.compile(r"[0-9a-f]{40}")
# https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs
_SKIP = re.compile(r"\[(skip ci|ci skip|no ci|skip actions|actions skip)\]", re.IGNORECASE)
_SKIP_TRAILER = re.compile(r"\n\n(?:[^\n]+\n)*skip-checks: ?true\s*$", re.IGNORECASE)
_MERGED = re.compile(r"^Merge pull request #(\d{1,9}) from |\(#(\d{1,9})\)$")
# Step Functions allows 80 characters. "-<environment>" (at most 17) and "-full-rollback" are appended.
LONGEST_NAME = 48


class Release(Value, frozen=True):
    """One commit to deliver; `order` is its position among the releases of its repository, None before Begin.

    `committed_at` (ISO 8601, UTC) is for people and for the lead time: it is the clock of whoever made the commit.
    `images` are those of a release that changes only the services they belong to, by the service's name (M3).
    An `emergency` ignores windows and skips the tests after a deployment (P8); every message about it says so.
    """

    repository: str
    ref: str
    commit: str
    author: str = ""
    author_email: str = ""
    message: str = ""
    committed_at: str = ""
    emergency: bool = False
    order: Order | None = None
    images: dict[str, Image] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """The first 12 digits of the commit, for people."""
        return self.commit[:12]

    @property
    def title(self) -> str:
        """The images; else the first line of the commit message, cut."""
        return f"images {named(self.images)}" if self.images else one_line(self.message.partition("\n")[0])

    @property
    def pull_request(self) -> int:
        """The number of the pull request that GitHub writes into the message of a merge; 0 if there is none.

        Source: https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
        (`Merge pull request #12 from …`, and `title (#12)` of a squash).
        """
        found = _MERGED.search(self.message.partition("\n")[0])
        return int(found[1] or found[2]) if found else 0


def is_commit(text: str) -> bool:
    """Whether the text is a full commit id (40 hexadecimal digits)."""
    return _COMMIT.fullmatch(text) is not None


def branch_or_tag(ref: str) -> tuple[str, str]:
    """`refs/heads/main` → `("branch", "main")`; anything but a branch or a tag is a BadInputError."""
    for prefix, kind in (("refs/heads/", "branch"), ("refs/tags/", "tag")):
        if ref.startswith(prefix) and len(ref) > len(prefix):
            return kind, ref[len(prefix) :]
    raise BadInputError(f"ref {ref!r} is neither a branch nor a tag: expected refs/heads/… or refs/tags/…")


def repository_mark(repository: str) -> str:
    """Eight hexadecimal digits that stand for a repository in names; GitHub compares names without regard to case."""
    return sha256(repository.lower().encode()).hexdigest()[:8]


def execution_name(repository: str, ref: str, commit: str) -> str:
    """The execution name, such as `main-81c0b2a3-1a2b3c4d5e6f` or `tag-v1.2.0-81c0b2a3-1a2b3c4d5e6f`.

    A repeated delivery has the same name. Another repository has another name for the same commit, which a fork has.
    """
    kind, name = branch_or_tag(ref)
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", name if kind == "branch" else f"tag-{name}").strip("-.")
    end = f"-{repository_mark(repository)}-{commit[:12]}"
    return f"{words[: LONGEST_NAME - len(end)]}{end}"


def skips_ci(message: str) -> bool:
    """Whether the subject line asks GitHub Actions to start nothing: `[skip ci]` or another form; or the trailer (P4).

    GitHub Actions searches the whole message. The body of a squashed commit has the subjects of all its commits, so
    one of them would keep the whole pull request from being deployed.
    GitHub demands two empty lines before the trailer; git removes one of them by default, so one suffices here.
    """
    return _SKIP.search(message.partition("\n")[0]) is not None or _SKIP_TRAILER.search(message) is not None
