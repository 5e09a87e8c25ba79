"""Times that are stored as text: durations, and how people read and give them."""

from datetime import UTC, datetime


def seconds_between(start: str, end: str) -> float | None:
    """Seconds from `start` to `end` (ISO 8601); None if either is empty."""
    if not start or not end:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def minute(time: str) -> str:
    """`2026-01-31T08:00:00.000Z` → `2026-01-31 08:00 UTC`; a text that is no time stays as it is."""
    try:
        return f"{datetime.fromisoformat(time).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return time


def from_form(text: str) -> str:
    """The time of a form's field in UTC (`2026-01-31T22:00`) as it is stored; "" stays "", others are a ValueError.

    Source: https://html.spec.whatwg.org/multipage/input.html#local-date-and-time-state-(type=datetime-local)
    """
    if not text:
        return ""
    moment = datetime.fromisoformat(text)
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:  # a day before the first or after the last year
        raise ValueError(str(error)) from None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
