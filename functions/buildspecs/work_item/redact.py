"""Takes secrets out of what is kept (W7)."""

from collections.abc import Iterable
from typing import Any

from .redaction import redact

_GONE = "[redacted]"
_SHORTEST = 6  # a shorter value would take half of every text with it


class Redactor:
    """Knows the values of this build; all others by their shapes, as the whole product does (`redaction.py`)."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = sorted((value for value in values if len(value) >= _SHORTEST), key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without its secrets."""
        for value in self._values:
            text = text.replace(value, _GONE)
        return redact(text)

    def each(self, value: Any) -> Any:
        """A JSON value whose texts are without secrets: what is left out of one of them ends with it."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.each(item) for key, item in value.items()}
        return [self.each(item) for item in value] if isinstance(value, (list, tuple)) else value
