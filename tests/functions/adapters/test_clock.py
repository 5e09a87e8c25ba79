"""The format of times."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.clock import Clock, iso

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(MOMENTS, MOMENTS)
def test_texts_sort_as_their_moments(one: datetime, other: datetime) -> None:
    """Times in this format sort as texts, because they are compared as texts everywhere."""
    cut = [moment.replace(microsecond=moment.microsecond // 1000 * 1000) for moment in (one, other)]
    assert (iso(one) < iso(other)) == (cut[0] < cut[1])


def test_any_zone_is_written_as_utc() -> None:
    """A time of any zone is written in UTC, with milliseconds and a Z."""
    moment = datetime(2026, 1, 31, 10, 0, 0, 1999, tzinfo=timezone(timedelta(hours=2)))
    assert iso(moment) == "2026-01-31T08:00:00.001Z"


def test_the_clock_goes() -> None:
    """The clock returns the current time in UTC."""
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.text().endswith("Z")
