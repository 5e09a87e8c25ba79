"""Removes secrets from the files that the build leaves (W7)."""

from collections.abc import Iterable
from typing import Any

from .redaction import redact

_GONE = "[redacted]"
_SHORTEST = 6  # a shorter value occurs in many texts by chance


class Redactor:
    """Removes the known secrets of this build, and texts in the shape of a secret (`redaction.py`)."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = list[str]()
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """Remove this value, too, from now on."""
        if len(value) >= _SHORTEST and value not in self._values:
            self._values = sorted((*self._values, value), key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without its secrets."""
        for value in self._values:
            text = text.replace(value, _GONE)
        return redact(text)

    def each(self, value: Any) -> Any:
        """A JSON value with each of its texts redacted by itself."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.each(item) for key, item in value.items()}
        return [self.each(item) for item in value] if isinstance(value, (list, tuple)) else value
