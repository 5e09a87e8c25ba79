"""Markdown elements, wrapped at 120 characters."""

from collections.abc import Iterable
from textwrap import fill

WIDTH = 120


def code(text: str) -> str:
    """Text as code."""
    return f"`{text}`"


def codes(texts: Iterable[str]) -> str:
    """Several texts as code, separated by commas."""
    return ", ".join(code(text) for text in texts)


def item(text: str) -> str:
    """An entry of a list."""
    return _filled(text, "- ", "  ")


def under(text: str) -> str:
    """A paragraph below an entry of a list."""
    return _filled(text, "  ", "  ")


def paragraph(text: str) -> str:
    """A paragraph."""
    return _filled(" ".join(text.split()), "", "")


def table(rows: Iterable[Iterable[str]]) -> str:
    """A table; the first row is its header."""
    head, *body = [list(row) for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _filled(text: str, first: str, then: str) -> str:
    # Long words are patterns or names in code, which a line break would change.
    return fill(
        text, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )
