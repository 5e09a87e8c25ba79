"""When an environment may be deployed to: weekly windows in their time zone, and freezes between two moments (P8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Windows repeat every week: one that never opens within two is closed for good.
_LOOK_AHEAD_DAYS = 14


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
    """Whether deployments may enter now; if not, why, and when next (None: nobody can tell)."""

    is_open: bool
    reason: str
    next_at: datetime | None = None


def opening(windows: Sequence[Window], freezes: Sequence[Closed], now: datetime) -> Opening:
    """Open within any window (always, when there are none), unless a freeze covers the moment."""
    covering = [f for f in freezes if _moment(f.starts) <= now < _moment(f.ends)]
    if covering:
        last = max(covering, key=lambda f: _moment(f.ends))
        ends = _moment(last.ends)
        after = opening(windows, freezes, ends)
        return Opening(False, f"frozen until {last.ends}: {last.reason}", ends if after.is_open else after.next_at)
    if not windows or any(_spans(window, now) for window in windows):
        return Opening(True, "within a deployment window" if windows else "no windows are set")
    starts = sorted(start for window in windows for start in _starts(window, now))
    upcoming = next((start for start in starts if opening(windows, freezes, start).is_open), None)
    return Opening(False, f"outside the deployment windows ({'; '.join(map(_words, windows))})", upcoming)


def _spans(window: Window, now: datetime) -> bool:
    """Whether one of the window's spans holds the moment; today's, or yesterday's that went past midnight."""
    zone = ZoneInfo(window.timezone)
    today = now.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        if _DAYS[day.weekday()] not in window.days:
            continue
        start = datetime.combine(day, time.fromisoformat(window.opens), zone)
        end = datetime.combine(day, time.fromisoformat(window.closes), zone)
        if window.closes <= window.opens:
            end = datetime.combine(day + timedelta(days=1), time.fromisoformat(window.closes), zone)
        if start <= now < end:
            return True
    return False


def _starts(window: Window, now: datetime) -> list[datetime]:
    """The moments at which the window opens, in the days to come."""
    zone = ZoneInfo(window.timezone)
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(_LOOK_AHEAD_DAYS))
    found = (
        datetime.combine(d, time.fromisoformat(window.opens), zone) for d in days if _DAYS[d.weekday()] in window.days
    )
    return [start for start in found if start > now]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _words(window: Window) -> str:
    return f"{', '.join(window.days)} {window.opens}-{window.closes} {window.timezone}"
