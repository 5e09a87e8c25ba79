"""How long the values of a secret are used (T2)."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.domain.rotation import previous_is_over, previous_is_valid

STORED = datetime(2026, 1, 1, 8, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
WEEK, MONTH = timedelta(days=7), timedelta(days=30)


@pytest.mark.parametrize(("age", "valid"), [(timedelta(), True), (WEEK - INSTANT, True), (WEEK, False)])
def test_the_previous_value_is_valid_for_seven_days(age: timedelta, valid: bool) -> None:
    """Since the current one was stored; a clock that is behind the one of AWS changes nothing."""
    assert previous_is_valid(STORED, STORED + age) is valid
    assert previous_is_valid(STORED, STORED - INSTANT)


@pytest.mark.parametrize(("age", "over"), [(WEEK, False), (MONTH - INSTANT, False), (MONTH, True), (2 * MONTH, True)])
def test_the_previous_value_goes_after_30_days(age: timedelta, over: bool) -> None:
    """On the day itself, too."""
    assert previous_is_over(STORED, STORED + age) is over
