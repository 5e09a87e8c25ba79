"""Converts parts that an earlier version of the platform stored into today's format."""

from collections.abc import Mapping

# Until 0.1.0 a part had the keys of both kinds at the top level.
_WAYS = {"lambda": "call", "command": "build"}
_SETTINGS = ("function", "alias", "artifact")


def current_part(row: object) -> object:
    """A part as JSON in today's format: `settings` from the keys at the top level, `way` from the kind.

    A part that has `settings`, and any other value, is returned unchanged: decoding reports its faults.
    """
    if not isinstance(row, Mapping) or "settings" in row or "kind" not in row:
        return row
    left = {key: value for key, value in row.items() if key not in _SETTINGS}
    settings = {key: row[key] for key in _SETTINGS if row.get(key)}
    return {**left, "way": _WAYS.get(row["kind"]), "settings": settings}
