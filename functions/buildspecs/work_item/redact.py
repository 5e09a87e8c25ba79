"""Takes secrets out of what is kept (W7)."""

import re
from collections.abc import Iterable

_SHAPES = (
    re.compile(r"gh[pousr]_[A-Za-z0-9]{20,}"),
    re.compile(r"github_pat_[A-Za-z0-9_]{20,}"),
    re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    re.compile(r"xox[abprs]-[A-Za-z0-9-]{10,}"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"(?i)(?<=authorization: )(?:bearer|basic|token) \S+"),
    re.compile(r"(?i)(?<=aws_secret_access_key=)\S+"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
_GONE = "[redacted]"
_SHORTEST = 6  # a shorter value would take half of every text with it


class Redactor:
    """Knows the values of this build, and the shapes of all others."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = sorted((value for value in values if len(value) >= _SHORTEST), key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without its secrets."""
        for value in self._values:
            text = text.replace(value, _GONE)
        for shape in _SHAPES:
            text = shape.sub(_GONE, text)
        return text
