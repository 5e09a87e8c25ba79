"""How long the values of a secret are used (T2): when one is replaced, and when the one before it ends and goes."""

from datetime import datetime, timedelta

ROTATION_DAYS = 90
"""The greatest age of a value in days."""
_ACCEPTED = timedelta(days=7)
_KEPT = timedelta(days=30)


def previous_is_valid(current_since: datetime, now: datetime) -> bool:
    """Whether signatures with the previous value count: for seven days after the current one was stored."""
    return now - current_since < _ACCEPTED


def previous_is_over(current_since: datetime, now: datetime) -> bool:
    """Whether the previous value has to go: 30 days after the current one was stored."""
    return now - current_since >= _KEPT
