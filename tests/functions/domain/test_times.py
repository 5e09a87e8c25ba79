"""Durations between times that are stored as text."""

from functions.domain.times import seconds_between


def test_seconds_lie_between_two_moments() -> None:
    """The seconds are correct for both spellings of UTC."""
    assert seconds_between("2026-01-31T08:00:00.000Z", "2026-01-31T08:01:00.500+00:00") == 60.5
    assert seconds_between("2026-01-31T08:00:01.000Z", "2026-01-31T08:00:00.000Z") == -1


def test_a_moment_that_was_never_written_has_no_distance() -> None:
    """The duration is None if either time is empty."""
    assert seconds_between("", "2026-01-31T08:00:00.000Z") is None
    assert seconds_between("2026-01-31T08:00:00.000Z", "") is None
