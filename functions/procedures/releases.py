"""Opens the record of a deployment, with the facts of its commit from GitHub."""

from collections.abc import Callable, Mapping

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.client import GitHub
from functions.domain.errors import BadInputError, GitHubUnavailableError
from functions.domain.images import Image
from functions.domain.order import Order, place, place_beside
from functions.domain.releases import LONGEST_NAME, Release
from functions.domain.requests import Request
from functions.domain.texts import one_line, recorded
from functions.domain.values import Value
from functions.handler import Allow

OPEN: tuple[Allow, ...] = (*DeploymentsTable.READ, *DeploymentsTable.WRITE, *GitHub.USE)


class Started(Value, frozen=True):
    """A deployment that was started: its name, its execution (an ARN) and its request."""

    deployment_id: str
    execution: str
    request: Request


def open_record(
    started: Started,
    main_branch: str,
    github: GitHub,
    deployments: DeploymentsTable,
    clock: Clock,
    resolve: Callable[[Mapping[str, str]], dict[str, Image]] = lambda _: {},
) -> Release:
    """Read the commit, give it its order and write the record; a repetition returns the release of the record.

    `resolve` finds the images of the request. That happens once, so a tag that moves afterwards changes nothing.
    """
    request = started.request
    if len(started.deployment_id) > LONGEST_NAME:
        raise BadInputError(
            f"the execution name {started.deployment_id!r} has {len(started.deployment_id)} characters; at most "
            f"{LONGEST_NAME} are allowed, because stages and rollbacks are named after it"
        )
    known = deployments.get(started.deployment_id)
    if known and known.execution not in ("", started.execution):
        raise BadInputError(f"the record {started.deployment_id} is that of another execution: choose another name")
    if known and known.release and known.release.order:
        return known.release
    commit = github.commit(request.repository, request.commit or request.ref)
    release = Release(
        request.repository,
        request.ref,
        commit.sha,
        author=one_line(commit.author_name),
        author_email=one_line(commit.author_email),
        message=recorded(commit.message),
        committed_at=commit.committed_at,
        emergency=request.emergency,
        images=resolve(request.images),
        order=_place(request, commit.sha, main_branch, github, deployments, int(clock.now().timestamp())),
    )
    deployments.begin(started.deployment_id, release, started.execution, request.trigger, request)
    return release


def _place(
    request: Request, commit: str, main_branch: str, github: GitHub, deployments: DeploymentsTable, now: int
) -> Order:
    """The order of a commit, written to the repository's history; repeated if another release began meanwhile."""
    repository, head = request.repository, github.branch_head(request.repository, main_branch)
    merged = _is_merged(request, commit, head, main_branch, github)
    services = tuple(sorted(request.images))
    if services and not merged:
        raise BadInputError(
            f"images ({', '.join(services)}) are deployed with the manifest of a commit on {main_branch}, and "
            f"{request.ref} ({commit[:12]}) is not on it: merge it first, or name a commit of {main_branch}"
        )
    while True:
        before = deployments.history(repository)
        if merged and not services:
            apart = _apart(repository, before.head, commit, github) if before and before.head else None
            if request.forced and head == commit and apart and apart < 0:
                apart = None  # the branch was moved back: its head is newer than what it no longer reaches
            order, after = place(before, commit, apart, now)
        else:
            order, after = place_beside(before, now, services)
        if after == before or deployments.save_history(repository, after, before):
            return order


def _is_merged(request: Request, commit: str, head: str | None, main_branch: str, github: GitHub) -> bool:
    """Whether the main branch, whose newest commit is `head`, reaches the commit.

    A push to the main branch that GitHub's API does not show yet is a GitHubUnavailableError, which is retried.
    """
    # Not by the branch's name: a tag may have the same one.
    if head in (None, commit):
        return head is not None
    status = github.compare(request.repository, str(head), commit).status
    if status == "ahead" and request.ref in (main_branch, f"refs/heads/{main_branch}"):
        raise GitHubUnavailableError(
            f"{main_branch} of {request.repository} is behind {commit[:12]}, which was pushed to it: GitHub does not "
            "show the push yet, or the branch was moved back; push the commit again to deploy it"
        )
    return status in ("behind", "identical")


def _apart(repository: str, head: str, commit: str, github: GitHub) -> int | None:
    """The commits that only `commit` reaches, less those that only the head reaches; None if they have diverged."""
    if commit == head:
        return 0
    compared = github.compare(repository, head, commit)
    return compared.ahead_by - compared.behind_by if compared.status in ("ahead", "behind", "identical") else None
