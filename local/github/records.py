"""The records of the local GitHub: people, tokens, repositories, and what was reported about them."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.github.git import GitRepository


def now() -> datetime:
    """The current time in whole seconds, as GitHub has it."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Person:
    """An account."""

    id: int
    login: str
    email: str


@dataclass(frozen=True)
class Token:
    """A credential; `permissions` maps an area to read or write, and None means everything.

    `pushes_to` replaces a ruleset: if it is set, the token may only push branches that begin with it. A token without
    `expires` is valid for ever.
    """

    owner: Person
    permissions: Mapping[str, str] | None = None
    repositories: frozenset[str] | None = None
    pushes_to: str = ""
    expires: datetime | None = None

    def may(self, area: str, level: str) -> bool:
        """Whether the token may read or write an area; metadata is always readable."""
        if self.permissions is None or (area, level) == ("metadata", "read"):
            return True
        granted = self.permissions.get(area)
        return granted in ("write", level)

    def sees(self, full_name: str) -> bool:
        """Whether this token can see the repository."""
        return self.repositories is None or full_name in self.repositories


@dataclass(frozen=True)
class App:
    """A GitHub App installation, which requests tokens with its private key; `hook` is the App's own webhook."""

    app_id: str
    installation_id: int
    public_key: str
    bot: Person
    permissions: Mapping[str, str] | None
    pushes_to: str = ""
    hook: "Hook | None" = None


@dataclass(frozen=True)
class Archive:
    """A source archive that is downloaded with a secret address."""

    path: str
    full_name: str
    kind: str
    sha: str


@dataclass(frozen=True)
class Status:
    """A commit status."""

    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: Person
    created: datetime


@dataclass(frozen=True)
class DeploymentStatus:
    """One step of a deployment."""

    id: int
    state: str
    description: str
    log_url: str
    environment: str
    environment_url: str
    creator: Person
    created: datetime


@dataclass
class Deployment:
    """A deployment of a ref to an environment, with its statuses oldest first."""

    id: int
    ref: str
    sha: str
    task: str
    environment: str
    description: str | None
    payload: Any
    transient: bool
    production: bool
    creator: Person
    created: datetime
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass
class CheckRun:
    """A check run of an App on a commit."""

    id: int
    sha: str
    name: str
    app: Person
    created: datetime
    status: str = "queued"
    conclusion: str | None = None
    completed: datetime | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    details_url: str | None = None
    external_id: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class WaitingJob:
    """A job of a workflow run that waits until an App approves or rejects its environment; `id` is that of the run."""

    id: int
    sha: str
    ref: str
    environment: str
    app: Person
    state: str = "waiting"
    comment: str = ""
    reports: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Published:
    """A published release of a tag."""

    id: int
    tag: str
    name: str | None
    body: str | None
    author: Person
    created: datetime


@dataclass
class Comment:
    """A comment on an issue."""

    id: int
    issue: int
    body: str
    author: Person
    created: datetime


@dataclass(frozen=True)
class Merge:
    """How a pull request was merged: by whom, as which commit, and the commits that it had, newest first."""

    by: Person
    sha: str
    commits: list[str]
    at: datetime


@dataclass
class PullRequest:
    """What a pull request has and an issue has not; `fork` is the repository of its head, "" for the same."""

    head: str
    base: str
    draft: bool
    merge: Merge | None = None
    fork: str = ""

    @property
    def source(self) -> str:
        """The ref of the head in the repository of the base, which also has the commits of a fork's branch."""
        return f"refs/forks/{self.fork}/{self.head}" if self.fork else self.head


@dataclass(frozen=True)
class Activity:
    """One move of a branch, and who moved it."""

    id: int
    ref: str
    before: str
    after: str
    kind: str
    actor: Person
    at: datetime


@dataclass
class Issue:
    """An issue, or a pull request when `pull` is set; both share one sequence of numbers."""

    id: int
    number: int
    title: str
    body: str | None
    author: Person
    created: datetime
    state: str = "open"
    state_reason: str | None = None
    updated: datetime = field(default_factory=now)
    closed: datetime | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    pull: PullRequest | None = None


@dataclass
class Hook:
    """A webhook of a repository, or of the App with this number."""

    id: int
    url: str
    secret: str
    events: list[str]
    active: bool = True
    created: datetime = field(default_factory=now)
    deliveries: list["Delivery"] = field(default_factory=list)
    app_id: str = ""


@dataclass(frozen=True)
class Delivery:
    """One attempt to deliver an event; `body` is the exact bytes that were signed and sent."""

    id: int
    guid: str
    event: str
    action: str | None
    redelivery: bool
    request_headers: Mapping[str, str]
    body: bytes
    status_code: int
    status: str
    response: str
    duration: float
    delivered: datetime


@dataclass(frozen=True)
class Sarif:
    """An uploaded code-scanning report, unpacked."""

    id: str
    commit_sha: str
    ref: str
    document: Mapping[str, Any]


@dataclass
class GraphQLUsage:
    """GraphQL requests (names of documents), the points they cost, and whether this server filters boards."""

    documents: list[str] = field(default_factory=list)
    used: int = 0
    limit: int = 5000
    resets: float = field(default_factory=lambda: time.time() + 3600)
    filters: bool = True


@dataclass
class Repository:
    """A repository and everything reported about it."""

    id: int
    owner: str
    name: str
    default_branch: str
    git: GitRepository
    created: datetime = field(default_factory=now)
    pushed: datetime = field(default_factory=now)
    statuses: list[Status] = field(default_factory=list)
    check_runs: list[CheckRun] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    jobs: list[WaitingJob] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    hooks: list[Hook] = field(default_factory=list)
    releases: list[Published] = field(default_factory=list)
    sarifs: list[Sarif] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    archived: bool = False
    has_issues: bool = True
    # Private repositories of free plans have no drafts: https://docs.github.com/rest/pulls/pulls#create-a-pull-request
    has_drafts: bool = True
    # What people may do here: admin, write or read; others may read.
    collaborators: dict[str, str] = field(default_factory=dict)
    # The former names of renamed branches, each with its new name.
    former_branches: dict[str, str] = field(default_factory=dict)
    # Held while refs move, so that the webhooks of two pushes are consistent.
    pushing: threading.RLock = field(default_factory=threading.RLock)

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    def issue(self, number: int) -> Issue | None:
        """An issue or pull request by its number."""
        return next((issue for issue in self.issues if issue.number == number), None)
