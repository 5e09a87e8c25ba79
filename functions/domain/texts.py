"""Texts that others wrote, cut where they enter: what a state hands on has 256 KiB at most, and a record 400 KB."""

# What a person still reads of a reason, and of one name within it.
REASON = 4000
NAME = 200
_CUT = "…"


def cut(text: str, limit: int) -> str:
    """The text if it has at most this many characters, else its beginning and `…`."""
    return text if len(text) <= limit else text[: limit - len(_CUT)] + _CUT
