"""Reasons for people: without secrets, and without the JSON that Step Functions adds to an exception."""

import json

from functions.domain.texts import SEARCHED, cut, recorded

_DECODER = json.JSONDecoder()
# Each `{"` may be the beginning of a document that is read to the end of the text: so many are tried.
_MOST_TRIES = 50


def readable(text: str) -> str:
    """A reason as it is recorded and shown."""
    return recorded(plain_reason(text))


def plain_reason(text: str) -> str:
    """The text of `Verify: DeployTargetError: {"errorMessage": "…", …}` without the JSON; other texts unchanged.

    A text that is longer than a cause in Step Functions can be is cut.
    """
    text = cut(text, SEARCHED)
    start, tries = text.find('{"'), 0
    while start >= 0 and tries < _MOST_TRIES:
        tries += 1
        try:
            wrapped, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            wrapped, end = None, start + 1
        if isinstance(wrapped, dict) and isinstance(wrapped.get("errorMessage"), str):
            text = text[:start] + wrapped["errorMessage"] + text[end:]
            end = start + len(wrapped["errorMessage"])
        start = text.find('{"', end)
    return text
