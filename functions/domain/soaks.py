"""Whether a release has run long enough in an environment without a critical alarm to enter the next one (G6).

The enhanced watch of the release is the proof: it reads alarms and health for as long as it runs, rolls the release
back at a critical alarm, and is stopped by the next deployment to the environment.
"""

from datetime import datetime, timedelta
from typing import Literal

from functions.domain.times import seconds_between
from functions.domain.values import Value

# The statuses of an execution that watched until its end; any other end leaves a time in which nobody watched.
_WATCHED_ALL = frozenset({"RUNNING", "SUCCEEDED", "ABORTED"})


class Watched(Value, frozen=True):
    """The enhanced watch of a release: the status of its execution, its start and its end ("" while it runs)."""

    status: str
    started: str
    ended: str = ""


class Soak(Value, frozen=True):
    """Whether the time has passed; `until` (ISO 8601) is when it will have, with `soaking`.

    `cut`: another deployment ended it before. `unwatched`: nothing shows what happened in the time.
    """

    outcome: Literal["soaked", "soaking", "cut", "unwatched"]
    reason: str = ""
    until: str = ""


def soak(environment: str, minutes: int, watched: Watched | None, now: datetime) -> Soak:
    """The soak of a release that passed an environment, whose watch is given (None: there was none)."""
    if minutes == 0:
        return Soak("soaked")
    if watched is None or watched.status not in _WATCHED_ALL:
        return Soak("unwatched", f"no enhanced watch of it ran {minutes} min in {environment} (soakMinutes)")
    ran = seconds_between(watched.started, watched.ended or now.isoformat()) or 0
    if ran >= 60 * minutes:
        return Soak("soaked")
    words = f"{environment} demands {minutes} min without a critical alarm (soakMinutes)"
    if watched.status != "RUNNING":
        return Soak("cut", f"it ran only {ran / 60:.0f} min in {environment} before the next deployment; {words}")
    until = datetime.fromisoformat(watched.started) + timedelta(minutes=minutes)
    return Soak("soaking", words, until.isoformat())
