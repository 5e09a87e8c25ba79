"""Opens the record of a deployment, with the facts of its commit from GitHub."""

from dataclasses import dataclass

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.github.client import GitHub
from functions.domain.errors import BadInputError
from functions.domain.order import Order, place
from functions.domain.releases import LONGEST_NAME, Release
from functions.domain.texts import one_line, recorded
from functions.handler import Allow

OPEN: tuple[Allow, ...] = (*DeploymentsTable.READ, *DeploymentsTable.WRITE, *GitHub.USE)


@dataclass(frozen=True, slots=True)
class Started:
    """The input of a deployment: a repository, and a commit or a ref."""

    deployment_id: str
    execution: str
    repository: str
    ref: str
    commit: str
    trigger: str
    emergency: bool = False


def open_record(started: Started, github: GitHub, deployments: DeploymentsTable, clock: Clock) -> Release:
    """Read the commit, give it its order and write the record; a repetition returns the release of the record."""
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
    commit = github.commit(started.repository, started.commit or started.ref)
    release = Release(
        started.repository,
        started.ref,
        commit.sha,
        author=one_line(commit.author_name),
        author_email=one_line(commit.author_email),
        message=recorded(commit.message),
        committed_at=commit.committed_at,
        emergency=started.emergency,
        order=_place(started.repository, commit.sha, github, deployments, int(clock.now().timestamp())),
    )
    deployments.begin(started.deployment_id, release, started.execution, started.trigger)
    return release


def _place(repository: str, commit: str, github: GitHub, deployments: DeploymentsTable, now: int) -> Order:
    """The order of a commit, written to the repository's history; repeated if another release began meanwhile."""
    while True:
        before = deployments.history(repository)
        order, after = place(before, commit, _apart(repository, before.head, commit, github) if before else None, now)
        if after == before or deployments.save_history(repository, after, before):
            return order


def _apart(repository: str, head: str, commit: str, github: GitHub) -> int | None:
    """The commits that only `commit` reaches, less those that only the head reaches; None if they have diverged."""
    if commit == head:
        return 0
    compared = github.compare(repository, head, commit)
    return compared.ahead_by - compared.behind_by if compared.status in ("ahead", "behind", "identical") else None
