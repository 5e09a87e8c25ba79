"""Durations between times that are stored as text."""

from datetime import datetime


def seconds_between(start: str, end: str) -> float | None:
    """Seconds from `start` to `end` (ISO 8601); None if either is empty."""
    if not start or not end:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
