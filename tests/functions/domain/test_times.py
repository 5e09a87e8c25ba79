"""Durations between times that are stored as text."""

import pytest

from functions.domain.times import from_form, minute, seconds_between


def test_seconds_lie_between_two_moments() -> None:
    """The seconds are correct for both spellings of UTC."""
    assert seconds_between("2026-01-31T08:00:00.000Z", "2026-01-31T08:01:00.500+00:00") == 60.5
    assert seconds_between("2026-01-31T08:00:01.000Z", "2026-01-31T08:00:00.000Z") == -1


def test_a_moment_that_was_never_written_has_no_distance() -> None:
    """The duration is None if either time is empty."""
    assert seconds_between("", "2026-01-31T08:00:00.000Z") is None
    assert seconds_between("2026-01-31T08:00:00.000Z", "") is None


def test_people_read_a_time_to_the_minute() -> None:
    """In UTC; what is no time stays."""
    assert minute("2026-01-31T09:05:59+01:00") == "2026-01-31 08:05 UTC"
    assert minute("soon") == "soon"


def test_the_time_of_a_form_is_utc() -> None:
    """As browsers send it; the command sends an offset."""
    assert from_form("2026-01-31T22:00") == "2026-01-31T22:00:00.000Z"
    assert from_form("2026-01-31T22:00+01:00") == "2026-01-31T21:00:00.000Z"
    assert from_form("") == ""


@pytest.mark.parametrize("text", ["soon", "22:00", "2026-02-30T10:00", "0001-01-01T00:00+14:00"])
def test_what_is_no_time_is_an_error(text: str) -> None:
    """Q3: also a moment before the first year."""
    with pytest.raises(ValueError, match=r"."):
        from_form(text)
