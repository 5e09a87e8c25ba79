"""Brings JSON values that version 0.1.0 stored or passed on into today's format."""

from collections.abc import Mapping
from typing import Any

# A part had the keys of both kinds at the top level.
_WAYS = {"lambda": "call", "command": "build"}
_SETTINGS = ("function", "alias", "artifact")


def upgraded(value: object) -> object:
    """A JSON value with every part and every order in it in today's format; anything else is returned as it is."""
    if isinstance(value, Mapping):
        return _part({key: None if _is_time(key, item) else upgraded(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return [upgraded(item) for item in value]
    return value


def _is_time(key: str, value: object) -> bool:
    """Whether a value is the time of a commit, by which locks were ordered."""
    return key == "order" and isinstance(value, str)


def _part(row: dict[str, Any]) -> dict[str, Any]:
    """A part with `settings` from the keys at the top level and `way` from its kind."""
    if "settings" in row or not isinstance(row.get("kind"), str) or row["kind"] not in _WAYS:
        return row
    left = {key: value for key, value in row.items() if key not in _SETTINGS}
    settings = {key: row[key] for key in _SETTINGS if row.get(key)}
    return {**left, "way": _WAYS[row["kind"]], "settings": settings}
