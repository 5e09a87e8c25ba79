"""When an environment may be deployed to: weekly windows in their time zone, and freezes between two moments (P8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A release that could not enter for longer than this is not kept waiting; stages live long enough for it.
LOOK_AHEAD_DAYS = 31


@dataclass(frozen=True, slots=True)
class Window:
    """Open on these days from `opens` to `closes` (HH:MM, the zone's clock); past midnight where it closes earlier."""

    days: list[Day]
    opens: str
    closes: str
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Closed:
    """No deployments from `starts` until `ends` (ISO 8601 with offset), and why."""

    starts: str
    ends: str
    reason: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether deployments may enter now; if not, why, and when next (UTC; None: not within `LOOK_AHEAD_DAYS`)."""

    is_open: bool
    reason: str
    next_at: datetime | None = None


def opening(windows: Sequence[Window], freezes: Sequence[Closed], now: datetime) -> Opening:
    """Open within any window (always, when there are none), unless a freeze covers the moment."""
    closed = _why_closed(windows, freezes, now)
    if not closed:
        return Opening(True, "within a deployment window" if windows else "no windows are set")
    # What is closed opens where a window does, or in the midst of one where a freeze ends.
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
    """Whether one of the window's spans holds the moment; today's, or yesterday's that went past midnight."""
    today = now.astimezone(ZoneInfo(window.timezone)).date()
    for day in (today, today - timedelta(days=1)):
        if _DAYS[day.weekday()] not in window.days:
            continue
        last = day + timedelta(days=1) if window.closes <= window.opens else day
        if _at(window, day, window.opens) <= now < _at(window, last, window.closes):
            return True
    return False


def _starts(window: Window, now: datetime) -> list[datetime]:
    """The moments at which the window opens, in the days to come."""
    today = now.astimezone(ZoneInfo(window.timezone)).date()
    days = (today + timedelta(days=ahead) for ahead in range(LOOK_AHEAD_DAYS + 1))
    return [_at(window, day, window.opens) for day in days if _DAYS[day.weekday()] in window.days]


def _at(window: Window, day: date, clock: str) -> datetime:
    """In UTC: two moments of one zone compare by their clocks, which is wrong where the clocks change."""
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(window.timezone)).astimezone(UTC)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _words(window: Window) -> str:
    return f"{', '.join(window.days)} {window.opens}-{window.closes} {window.timezone}"
