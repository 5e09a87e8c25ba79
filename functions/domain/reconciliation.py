"""What an event missed: pushes that started nothing, and what an execution left behind when it died (P2, P9).

Everything here is asked anew at every run, so a decision that is put off is only put off to the next one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from functions.domain.records import DeploymentRecord
from functions.domain.releases import asks_to_skip

# Step Functions forgets executions after 90 days: a head as old as that has had its chance, and is not started again.
_FORGOTTEN = timedelta(days=85)
_SUCCEEDED = "SUCCEEDED"
_RUNNING = "RUNNING"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A branch head that nothing was started for, and since when that is known (ISO 8601)."""

    commit: str
    since: str


@dataclass(frozen=True, slots=True)
class Ended:
    """An execution as Step Functions shows it; `ended` is empty while it runs (ISO 8601 else).

    Its event does not bring the times: there `started` is empty, too.
    """

    execution: str
    workflow: str
    name: str
    status: str
    started: str
    ended: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class RunningBuild:
    """A build in progress; `deployment_id` is empty when no deployment started it."""

    build_id: str
    deployment_id: str
    started: str


Push = Literal["skipped", "forgotten", "seen", "waiting", "lost"]
EndState = Literal["alive", "fresh", "unsettled", "done", "unknown"]


def judge_push(
    commit: str, message: str, committed_at: str, sighting: Sighting | None, *, now: str, grace_seconds: int
) -> Push:
    """What becomes of a branch head that has no execution.

    The time of the commit says little about the time of the push (an old commit may be pushed today), so the grace
    counts from the moment the head was first seen without an execution.
    """
    if asks_to_skip(message):
        return "skipped"
    if _time(now) - _time(committed_at) > _FORGOTTEN:
        return "forgotten"
    if sighting is None or sighting.commit != commit:
        return "seen"
    return "lost" if _past(sighting.since, now, grace_seconds) else "waiting"


def judge_end(execution: Ended | None, *, now: str, grace_seconds: int) -> EndState:
    """What may be done about things that name this execution; its own event gets a while to do it first."""
    if execution is None:
        return "unknown"
    if execution.status == _RUNNING:
        return "alive"
    if not _past(execution.ended, now, grace_seconds):
        return "fresh"
    return "done" if execution.status == _SUCCEEDED else "unsettled"


def without_record(execution: Ended, record: DeploymentRecord | None, *, now: str, grace_seconds: int) -> bool:
    """Whether a running deployment had its time to open a record, and has none."""
    return not (record and record.started_at) and _past(execution.started, now, grace_seconds)


def is_stray(
    build: RunningBuild, record: DeploymentRecord | None, *, awaited: bool, now: str, grace_seconds: int
) -> bool:
    """Whether a build runs for nobody: no execution awaits it, and its deployment has ended or was never recorded.

    Between its start and the wait for it lies a moment: that is what the grace is for.
    """
    if awaited or not build.deployment_id or not _past(build.started, now, grace_seconds):
        return False
    return record is None or bool(record.outcome)


def _past(since: str, now: str, seconds: int) -> bool:
    return _time(now) - _time(since) >= timedelta(seconds=seconds)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
