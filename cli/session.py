"""The shared parts of all commands: options, output and errors."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console, RenderableType

from cli import facts
from cli.aws.operator import Operator, explain
from cli.reach import direct
from functions.domain.errors import KiroError

Json = Annotated[bool, typer.Option("--json", help="print JSON")]
_Found = TypeVar("_Found")
# These commands show their own progress or prompts, which a spinner would disturb.
_OWN_PROGRESS = ("watch", "setup")


@dataclass
class Session:
    """The options that all commands have; the stack is connected when it is first used."""

    stack: str | None
    endpoint: str | None
    local: bool

    @cached_property
    def name(self) -> str:
        """The stack's name; reading it also sets the SDK's endpoint."""
        return direct(self.stack, self.endpoint, local=self.local)

    @cached_property
    def aws(self) -> Operator:
        """The stack, connected at the first use."""
        return Operator.connect(self.name)


def report(
    context: typer.Context,
    read: Callable[[Operator], _Found],
    table: Callable[[_Found], RenderableType],
    *,
    as_json: bool,
) -> _Found:
    """Read from the stack, print the result as a table or JSON, and return it."""
    with explained(context, as_json=as_json):
        found = read(context.obj.aws)
    out(found, table, as_json=as_json)
    return found


def out(found: _Found, table: Callable[[_Found], RenderableType], *, as_json: bool) -> None:
    """Print a result as a table or as JSON."""
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        Console().print(table(found))


def do(
    context: typer.Context,
    act: Callable[[Operator], facts.Facts],
    describe: Callable[[facts.Facts], str],
    *,
    as_json: bool,
) -> None:
    """Change the stack, and print the result as a sentence or as JSON."""
    with explained(context, as_json=as_json):
        done = act(context.obj.aws)
    typer.echo(json.dumps(done, indent=1) if as_json else describe(done))


@contextmanager
def explained(context: typer.Context, *, as_json: bool) -> Iterator[None]:
    """Show a spinner meanwhile; print a known error with its next step and exit with 1."""
    console = Console(stderr=True)
    try:
        if as_json or context.command.name in _OWN_PROGRESS:
            yield
        else:
            with console.status("querying AWS"):
                yield
    except KiroError as error:
        _fail(str(error), as_json=as_json)
    except Exception as error:
        said = explain(error, context.obj.stack or "test")
        if said is None:
            raise
        _fail(said, as_json=as_json)


def _fail(message: str, *, as_json: bool) -> NoReturn:
    typer.echo(json.dumps({"error": message}) if as_json else f"kiro: {message}", err=True)
    raise typer.Exit(1)
