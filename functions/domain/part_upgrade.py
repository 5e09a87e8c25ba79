"""Parts as earlier versions stored them, brought into the form that is written now."""

from collections.abc import Mapping

# Until 0.1.0 a part of either kind had the keys of both, at the top.
_WAYS = {"lambda": "call", "command": "build"}
_SETTINGS = ("function", "alias", "artifact")


def current_part(row: object) -> object:
    """A part as JSON: one without `settings` gets them from the keys that stood at the top, and its way from its kind.

    Anything else is returned as it is: who decodes it says what is wrong.
    """
    if not isinstance(row, Mapping) or "settings" in row or "kind" not in row:
        return row
    left = {key: value for key, value in row.items() if key not in _SETTINGS}
    settings = {key: row[key] for key in _SETTINGS if row.get(key)}
    return {**left, "way": _WAYS.get(row["kind"]), "settings": settings}
