"""When deployments may enter an environment: weekly windows in a time zone, and deployment freezes (P8)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from functions.domain.values import Value

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A release waits at most this long for a window. The timeout of a stage is longer.
LOOK_AHEAD_DAYS = 31


class Window(Value, frozen=True):
    """Open on these days from `opens` to `closes` (HH:MM in `timezone`); until the next day if `closes` is earlier."""

    days: list[Day]
    opens: str
    closes: str
    timezone: str = "UTC"


class Closed(Value, frozen=True):
    """A deployment freeze from `starts` until `ends` (ISO 8601 with offset), and its reason."""

    starts: str
    ends: str
    reason: str


class Opening(Value, frozen=True):
    """Whether deployments may enter now; if not, why, and the next time (UTC; None: not within `LOOK_AHEAD_DAYS`)."""

    is_open: bool
    reason: str
    next_at: datetime | None = None


def opening(windows: Sequence[Window], freezes: Sequence[Closed], now: datetime) -> Opening:
    """Open within any window (always, if there are none), unless a deployment freeze covers the moment."""
    closed = _why_closed(windows, freezes, now)
    if not closed:
        return Opening(True, "within a deployment window" if windows else "no windows are set")
    # The next opening is the start of a window, or the end of a freeze inside a window.
    ends = (_moment(freeze.ends) for freeze in freezes)
    starts = (start for window in windows for start in _starts(window, now))
    upcoming = sorted(at for at in (*ends, *starts) if now < at <= now + timedelta(days=LOOK_AHEAD_DAYS))
    return Opening(False, closed, next((at for at in upcoming if not _why_closed(windows, freezes, at)), None))


def _why_closed(windows: Sequence[Window], freezes: Sequence[Closed], now: datetime) -> str:
    covering = [f for f in freezes if _moment(f.starts) <= now < _moment(f.ends)]
    if covering:
        last = max(covering, key=lambda f: _moment(f.ends))
        return f"frozen until {last.ends}: {last.reason}"
    if not windows or any(_spans(window, now) for window in windows):
        return ""
    return f"outside the deployment windows ({'; '.join(map(_words, windows))})"


def _spans(window: Window, now: datetime) -> bool:
    """Whether the window of today, or yesterday's that ends after midnight, contains the moment."""
    today = now.astimezone(ZoneInfo(window.timezone)).date()
    for day in (today, today - timedelta(days=1)):
        if _DAYS[day.weekday()] not in window.days:
            continue
        last = day + timedelta(days=1) if window.closes <= window.opens else day
        if _at(window, day, window.opens) <= now < _at(window, last, window.closes):
            return True
    return False


def _starts(window: Window, now: datetime) -> list[datetime]:
    """The times at which the window opens, today and in the next `LOOK_AHEAD_DAYS` days."""
    today = now.astimezone(ZoneInfo(window.timezone)).date()
    days = (today + timedelta(days=ahead) for ahead in range(LOOK_AHEAD_DAYS + 1))
    return [_at(window, day, window.opens) for day in days if _DAYS[day.weekday()] in window.days]


def _at(window: Window, day: date, clock: str) -> datetime:
    """The time in UTC: Python compares two times of one zone by wall clock, which is wrong around clock changes."""
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(window.timezone)).astimezone(UTC)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _words(window: Window) -> str:
    return f"{', '.join(window.days)} {window.opens}-{window.closes} {window.timezone}"
