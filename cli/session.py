"""What every command shares: its options, how it asks and tells, and how it fails."""

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
_Told = TypeVar("_Told")
# A line that moves would be in the way of what these show or ask.
_OWN_PROGRESS = ("watch", "setup")


@dataclass
class Session:
    """The options that every command shares, and the stack once it is needed."""

    stack: str | None
    endpoint: str | None
    local: bool

    @cached_property
    def name(self) -> str:
        """The stack's name; from here on the SDK speaks to where it is."""
        return direct(self.stack, self.endpoint, local=self.local)

    @cached_property
    def aws(self) -> Operator:
        """Connected at the first use."""
        return Operator.connect(self.name)


def tell(
    context: typer.Context,
    ask: Callable[[Operator], _Told],
    table: Callable[[_Told], RenderableType],
    *,
    as_json: bool,
) -> _Told:
    """Ask, print what was found, and hand it on."""
    with explained(context, as_json=as_json):
        found = ask(context.obj.aws)
    out(found, table, as_json=as_json)
    return found


def out(found: _Told, table: Callable[[_Told], RenderableType], *, as_json: bool) -> None:
    """Print what was found."""
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        Console().print(table(found))


def do(
    context: typer.Context,
    act: Callable[[Operator], facts.Facts],
    say: Callable[[facts.Facts], str],
    *,
    as_json: bool,
) -> None:
    """Act, and say what was done."""
    with explained(context, as_json=as_json):
        done = act(context.obj.aws)
    typer.echo(json.dumps(done, indent=1) if as_json else say(done))


@contextmanager
def explained(context: typer.Context, *, as_json: bool) -> Iterator[None]:
    """Show that something goes on, and turn what goes wrong into words with a next step."""
    console = Console(stderr=True)
    try:
        if as_json or context.command.name in _OWN_PROGRESS:
            yield
        else:
            with console.status("asking AWS"):
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
