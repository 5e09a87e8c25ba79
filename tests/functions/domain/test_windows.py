"""Windows and deployment freezes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.domain.windows import LOOK_AHEAD_DAYS, Closed, Day, Window, opening

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Both halves of the world, a zone off the hour, one that changes its clocks by half an hour, and one that never does.
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati"]
CLOCKS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
# The quarters of an hour of a year, so that edges are met often.
MINUTES_15 = timedelta(minutes=15)
MOMENTS = st.integers(0, 366 * 96).map(lambda quarters: datetime(2026, 1, 1, tzinfo=UTC) + quarters * MINUTES_15)
WINDOWS = st.lists(
    st.builds(
        Window,
        st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True),
        CLOCKS,
        CLOCKS,
        st.sampled_from(ZONES),
    ),
    max_size=3,
)
FREEZES = st.lists(
    st.builds(
        lambda start, quarters: Closed(start.isoformat(), (start + quarters * MINUTES_15).isoformat(), "holidays"),
        MOMENTS,
        st.integers(0, 20 * 96),
    ),
    max_size=3,
)
BERLIN = "Europe/Berlin"
WORKDAYS: list[Day] = ["mon", "tue", "wed", "thu", "fri"]
OFFICE = Window(WORKDAYS, "09:00", "17:00", BERLIN)
NIGHT = Window(["fri"], "22:00", "02:00", BERLIN)


def berlin(text: str) -> datetime:
    """A time by Berlin's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN))


def by_the_clock(window: Window, at: datetime) -> bool:
    """Whether the wall clock is within the window; valid except on days of clock changes."""
    local = at.astimezone(ZoneInfo(window.timezone))
    clock, today = f"{local:%H:%M}", DAYS[local.weekday()] in window.days
    yesterday = DAYS[local.weekday() - 1] in window.days
    if window.opens < window.closes:
        return today and window.opens <= clock < window.closes
    return (today and clock >= window.opens) or (yesterday and clock < window.closes)


def changes_clocks(window: Window, at: datetime) -> bool:
    """Whether the zone changes its clocks around that time."""
    zone = ZoneInfo(window.timezone)
    offsets = {(at + timedelta(days=days)).astimezone(zone).utcoffset() for days in (-2, 0, 2)}
    return len(offsets) > 1


@given(WINDOWS, FREEZES, MOMENTS)
def test_open_is_what_the_clocks_and_the_freezes_say(
    windows: list[Window], freezes: list[Closed], at: datetime
) -> None:
    """Open means within a window by its own clock and in no freeze, which includes its start and excludes its end."""
    if any(changes_clocks(window, at) for window in windows):
        return
    frozen = any(datetime.fromisoformat(f.starts) <= at < datetime.fromisoformat(f.ends) for f in freezes)
    inside = not windows or any(by_the_clock(window, at) for window in windows)
    found = opening(windows, freezes, at)
    assert found.is_open == (inside and not frozen)
    assert found.reason
    assert found.is_open or ("frozen until" in found.reason) == frozen


@given(WINDOWS, FREEZES, MOMENTS)
@example([Window(["sun"], "02:30", "02:45", BERLIN)], [], datetime(2026, 3, 28, 12, tzinfo=UTC))
@example([Window(["sun"], "02:30", "03:00", BERLIN)], [], datetime(2026, 3, 28, 12, tzinfo=UTC))
@example([Window(["sun"], "02:30", "02:45", BERLIN)], [], datetime(2026, 10, 24, 12, tzinfo=UTC))
@example(
    [Window(["sun"], "08:00", "20:00")],
    [Closed("2026-03-01T00:00:00+00:00", "2026-03-01T12:00:00+00:00", "half a Sunday")],
    datetime(2026, 2, 28, 12, tzinfo=UTC),
)
@example(
    [Window(["sun"], "08:00", "20:00")],
    [Closed("2026-03-01T00:00:00+00:00", "2026-03-20T00:00:00+00:00", "three Sundays")],
    datetime(2026, 2, 28, 12, tzinfo=UTC),
)
def test_the_next_opening_is_open_and_none_comes_before_it(
    windows: list[Window], freezes: list[Closed], at: datetime
) -> None:
    """The next opening is open, and no earlier time is."""
    found = opening(windows, freezes, at)
    if found.is_open:
        assert found.next_at is None
        return
    until = found.next_at or at + timedelta(days=LOOK_AHEAD_DAYS)
    if found.next_at:
        assert at < found.next_at <= at + timedelta(days=LOOK_AHEAD_DAYS)
        assert opening(windows, freezes, found.next_at).is_open
    # All edges lie on quarters of an hour: between two of them nothing opens.
    step = max(MINUTES_15, (until - at) / 400 // MINUTES_15 * MINUTES_15)
    closed = at
    while closed < until:
        assert not opening(windows, freezes, closed).is_open, closed
        closed += step
    assert not opening(windows, freezes, until - MINUTES_15).is_open or until - MINUTES_15 < at


@given(WINDOWS, FREEZES, MOMENTS, st.sampled_from(ZONES))
def test_it_does_not_matter_whose_clock_tells_the_moment(
    windows: list[Window], freezes: list[Closed], at: datetime, zone: str
) -> None:
    """The same moment in another time zone has the same result."""
    assert opening(windows, freezes, at.astimezone(ZoneInfo(zone))) == opening(windows, freezes, at)


def test_without_windows_it_is_always_open() -> None:
    """An environment without windows is always open."""
    assert opening([], [], datetime.now(UTC)).is_open


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-01-30T08:59:59", False),
        ("2026-01-30T09:00:00", True),
        ("2026-01-30T16:59:59", True),
        ("2026-01-30T17:00:00", False),
        ("2026-01-31T12:00:00", False),
        ("2026-07-31T09:00:00", True),
    ],
)
def test_a_window_opens_and_closes_by_its_own_clock(at: str, is_open: bool) -> None:
    """It opens and closes to the second, on its days only, in winter and summer."""
    assert opening([OFFICE], [], berlin(at)).is_open == is_open


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-01-30T21:59:59", False),
        ("2026-01-30T22:00:00", True),
        ("2026-01-31T00:00:00", True),
        ("2026-01-31T01:59:59", True),
        ("2026-01-31T02:00:00", False),
        ("2026-01-30T01:00:00", False),
    ],
)
def test_a_window_may_go_past_midnight(at: str, is_open: bool) -> None:
    """A window that ends after midnight belongs to the day on which it opens."""
    assert opening([NIGHT], [], berlin(at)).is_open == is_open


def test_a_window_of_equal_times_is_a_whole_day() -> None:
    """A window with equal times closes after 24 hours."""
    sunday = Window(["sun"], "00:00", "00:00", BERLIN)
    hours = [berlin("2026-02-01T00:00:00") + timedelta(hours=hour) for hour in range(-1, 25)]
    assert [opening([sunday], [], hour).is_open for hour in hours] == [False, *[True] * 24, False]


def test_the_window_moves_with_summer_time() -> None:
    """09:00 in Berlin is 08:00 UTC in winter and 07:00 UTC in summer."""
    friday, sunday = berlin("2026-03-27T18:00:00"), berlin("2026-03-29T12:00:00")
    monday = datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert opening([OFFICE], [], friday).next_at == monday
    assert opening([OFFICE], [], sunday).next_at == monday
    assert opening([OFFICE], [], berlin("2026-01-30T18:00:00")).next_at == datetime(2026, 2, 2, 8, tzinfo=UTC)


def test_an_hour_that_a_day_does_not_have_comes_an_hour_later_or_not_at_all() -> None:
    """At the change to summer time, a window in the missing hour opens an hour later, unless it closes by then."""
    saturday = berlin("2026-03-28T12:00:00")
    moved, lost = (Window(["sun"], "02:30", closes, BERLIN) for closes in ("02:45", "03:00"))
    assert opening([moved], [], saturday).next_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert opening([lost], [], saturday).next_at == berlin("2026-04-05T02:30:00").astimezone(UTC)


def test_a_freeze_outlasts_the_windows_within_it() -> None:
    """The next opening after a freeze is its end within a window, or the next start of a window."""
    noon = Closed("2026-01-30T00:00:00+01:00", "2026-01-30T12:00:00+01:00", "audit")
    found = opening([OFFICE], [noon], berlin("2026-01-30T10:00:00"))
    assert (found.reason, found.next_at) == (
        "frozen until 2026-01-30T12:00:00+01:00: audit",
        datetime(2026, 1, 30, 11, tzinfo=UTC),
    )
    evening = Closed("2026-01-30T00:00:00+01:00", "2026-01-30T20:00:00+01:00", "audit")
    assert opening([OFFICE], [evening], berlin("2026-01-30T10:00:00")).next_at == datetime(2026, 2, 2, 8, tzinfo=UTC)


def test_of_two_freezes_the_one_that_ends_last_is_told() -> None:
    """The reason names the freeze that ends last."""
    first = Closed("2026-01-30T00:00:00+00:00", "2026-01-31T00:00:00+00:00", "audit")
    longer = Closed("2026-01-30T06:00:00+00:00", "2026-02-01T00:00:00+00:00", "holidays")
    after = Closed("2026-02-01T00:00:00+00:00", "2026-02-02T00:00:00+00:00", "more holidays")
    found = opening([], [first, longer, after], datetime(2026, 1, 30, 12, tzinfo=UTC))
    assert found.reason == "frozen until 2026-02-01T00:00:00+00:00: holidays"
    assert found.next_at == datetime(2026, 2, 2, tzinfo=UTC)


def test_a_freeze_without_an_end_never_opens() -> None:
    """There is no next opening if it is later than a stage can wait."""
    for_good = Closed("2026-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00", "the service is retired")
    for windows in ([], [OFFICE]):
        found = opening(windows, [for_good], datetime(2026, 1, 30, tzinfo=UTC))
        assert (found.is_open, found.next_at) == (False, None)


def test_the_reason_says_when_it_would_be_open() -> None:
    """The reason has days, hours and zone of every window."""
    found = opening([OFFICE, NIGHT], [], berlin("2026-01-31T12:00:00"))
    assert found.reason == (
        "outside the deployment windows "
        "(mon, tue, wed, thu, fri 09:00-17:00 Europe/Berlin; fri 22:00-02:00 Europe/Berlin)"
    )
