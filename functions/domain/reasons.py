"""Reasons for people: without secrets, and without the JSON that Step Functions adds to an exception."""

import json

from functions.domain.redaction import redact
from functions.domain.texts import REASON, cut

_DECODER = json.JSONDecoder()


def readable(text: str) -> str:
    """A reason as it is recorded and told."""
    return cut(redact(plain_reason(text)), REASON)


def plain_reason(text: str) -> str:
    """The text of `Verify: DeployTargetError: {"errorMessage": "…", …}` without the JSON; other texts unchanged."""
    start = text.find('{"')
    while start >= 0:
        try:
            wrapped, end = _DECODER.raw_decode(text, start)
        except ValueError:
            wrapped, end = None, start + 1
        if isinstance(wrapped, dict) and isinstance(wrapped.get("errorMessage"), str):
            text = text[:start] + wrapped["errorMessage"] + text[end:]
            end = start + len(wrapped["errorMessage"])
        start = text.find('{"', end)
    return text
