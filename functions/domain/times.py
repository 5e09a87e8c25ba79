"""Durations between the moments that records and events hold as text."""

from datetime import datetime


def seconds_between(start: str, end: str) -> float | None:
    """Seconds from one moment to another (ISO 8601); None where one of them is empty, as it was never written."""
    if not start or not end:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
