"""Decisions of the reconciliation: pushes that started no deployment, and orphans of ended executions (P2, P9).

Each run of the reconciliation decides again, so a postponed decision is made by a later run.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import field

from functions.domain.records import DeploymentRecord
from functions.domain.releases import skips_ci
from functions.domain.values import Value

# Step Functions deletes executions after 90 days. An older head may have been deployed, so it is not started again.
_FORGOTTEN = timedelta(days=85)
_REFS_SECONDS = 600
_SUCCEEDED = "SUCCEEDED"
_RUNNING = "RUNNING"
_TAGS = "refs/tags/"


class Sighting(Value, frozen=True):
    """The head of a main branch, and when the platform first saw it there (ISO 8601).

    A `settled` one was started, or starts nothing: it is not judged again while it stays the head.
    """

    commit: str
    since: str
    settled: bool = False


class SeenRefs(Value, frozen=True):
    """The version tags and delivered branches of a repository, as they were read at `at` (ISO 8601).

    `known` has what each names: the id of a commit or tag object. `since` has the time at which one was first seen that
    has no deployment yet.
    """

    at: str
    known: dict[str, str] = field(default_factory=dict)
    since: dict[str, str] = field(default_factory=dict)


class Listed(Value, frozen=True):
    """The refs of a repository with the ids that they name: tags by the date of their commits, newest first.

    Without `all_tags` older ones are left out, without `all_branches` some branches.
    """

    refs: dict[str, str]
    all_tags: bool = True
    all_branches: bool = True


class Ended(Value, frozen=True):
    """An execution as Step Functions describes it; times are ISO 8601, `ended` is empty while it runs.

    `started` and `ended` are empty when it was read from an event, which has no times. `cause` is what the person or
    the workflow gave that ended it, in any form and length.
    """

    execution: str
    workflow: str
    name: str
    status: str
    started: str
    ended: str = ""
    error: str = ""
    cause: str = ""


class RunningBuild(Value, frozen=True):
    """A build in progress; `deployment_id` is empty when no deployment started it. `started` is ISO 8601."""

    build_id: str
    deployment_id: str
    started: str


Push = Literal["skipped", "forgotten", "waiting", "lost"]
EndState = Literal["alive", "fresh", "unsettled", "done", "unknown"]


def judge_push(message: str, sighting: Sighting, *, now: str, grace_seconds: int) -> Push:
    """What to do about a branch head without an execution.

    Its age counts from when the platform first saw it, and never from the time of the commit. `skipped`: its message
    has [skip ci]. `forgotten`: seen before executions are kept. `waiting`: within the grace period. `lost`: start its
    deployment.
    """
    if skips_ci(message):
        return "skipped"
    if _time(now) - _time(sighting.since) > _FORGOTTEN:
        return "forgotten"
    return "lost" if _past(sighting.since, now, grace_seconds) else "waiting"


def is_back(sighting: Sighting, begun: str, *, grace_seconds: int) -> bool:
    """Whether a commit is the head again whose deployment has `begun` (ISO 8601) before, and not by its own push."""
    return bool(begun) and _past(begun, sighting.since, grace_seconds)


def is_due(seen: SeenRefs | None, now: str) -> bool:
    """Whether the refs of a repository are read again: GitHub allows few requests an hour for all of them."""
    return seen is None or _past(seen.at, now, _REFS_SECONDS)


def new_refs(seen: SeenRefs, listed: Listed) -> dict[str, str]:
    """The listed refs without those that only take the place of a deleted tag.

    Of many tags the newest are listed. If one of them is deleted, an older one is listed again, after all others.
    """
    if listed.all_tags:
        return listed.refs
    tags = [ref for ref in listed.refs if ref.startswith(_TAGS)]
    known = [place for place, ref in enumerate(tags) if ref in seen.known]
    again = set(tags[known[-1] + 1 :] if known else tags)
    return {ref: target for ref, target in listed.refs.items() if ref not in again}


def unknown_refs(seen: SeenRefs, found: Mapping[str, str]) -> list[str]:
    """The refs that are new, and the branches that have moved; a moved tag starts nothing (a version stays)."""
    changed = (ref for ref, target in found.items() if seen.known.get(ref) != target)
    return sorted(ref for ref in changed if not (ref.startswith(_TAGS) and ref in seen.known))


def is_lost(since: str, now: str, grace_seconds: int) -> bool:
    """Whether a ref was seen for so long that its webhook is lost."""
    return _past(since, now, grace_seconds)


def judge_end(execution: Ended | None, *, now: str, grace_seconds: int) -> EndState:
    """Whether an execution's locks, waits and builds may be settled as orphans.

    `fresh`: it ended within the grace period, in which its own event should settle them. `unsettled`: it did not
    succeed. `unknown`: Step Functions has no such execution.
    """
    if execution is None:
        return "unknown"
    if execution.status == _RUNNING:
        return "alive"
    if not _past(execution.ended, now, grace_seconds):
        return "fresh"
    return "done" if execution.status == _SUCCEEDED else "unsettled"


def without_record(execution: Ended, record: DeploymentRecord | None, *, now: str, grace_seconds: int) -> bool:
    """Whether a running deployment has no record although its grace period is over."""
    return not (record and record.started_at) and _past(execution.started, now, grace_seconds)


def is_stray(
    build: RunningBuild, record: DeploymentRecord | None, *, awaited: bool, now: str, grace_seconds: int
) -> bool:
    """Whether a build is an orphan: no execution awaits it, and its deployment has ended or was never recorded.

    The grace period covers the time from the start of the build to the storing of its wait.
    """
    if awaited or not build.deployment_id or not _past(build.started, now, grace_seconds):
        return False
    return record is None or bool(record.outcome)


def _past(since: str, now: str, seconds: int) -> bool:
    return _time(now) - _time(since) >= timedelta(seconds=seconds)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
