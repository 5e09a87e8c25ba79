"""The forms in which commands print: a table, JSON or YAML, for terminals and pipes of any width and encoding."""

import codecs
import json
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer
import yaml
from rich.console import Console, RenderableType

_Found = TypeVar("_Found")
# What texts of this program contain that ASCII does not have; anything else becomes a question mark.
_PLAIN = {"✓": "+", "✗": "x", "…": "...", "→": "->", "·": "-"}


class Form(StrEnum):
    """The values of `--output`."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"

    @property
    def is_data(self) -> bool:
        """Whether a program reads it."""
        return self in (Form.JSON, Form.YAML)


Output = Annotated[
    Form, typer.Option("--output", "-o", help="`wide` adds columns and folds nothing; a pipe gets a line per record")
]


class Page(Console):
    """A console that knows whether its tables show all columns."""

    def __init__(self, *, wide: bool = False) -> None:
        super().__init__()
        self.wide = wide

    def show(self, found: RenderableType) -> None:
        """Print a result; text is folded on a terminal only, and never cut."""
        self.print(found, soft_wrap=self.wide or not self.is_terminal, crop=False)


def out(found: _Found, table: Callable[[_Found], RenderableType], output: Form) -> None:
    """Print a result in one of the forms."""
    if output.is_data:
        typer.echo(dumped(found, output))
    else:
        Page(wide=output is Form.WIDE).show(table(found))


def dumped(found: Any, output: Form) -> str:
    """A result as JSON or YAML, without the line end."""
    if output is Form.YAML:
        # A line per value, whatever its length, so that it can be searched.
        return str(yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=sys.maxsize)).rstrip("\n")
    return json.dumps(found, indent=1)


def tolerate_any_encoding() -> None:
    """Replace the characters that the terminal or pipe has not, instead of failing in the middle of a line."""
    codecs.register_error("kiro", _replaced)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="kiro")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(one, "?") for one in error.object[error.start : error.end]), error.end
