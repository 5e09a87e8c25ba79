"""The shared parts of all commands: options, output, confirmations and errors."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console, RenderableType

from cli import facts
from cli.aws.operator import Operator, OutOfReachError, explain
from cli.output import Form, dumped, out
from cli.reach import direct
from functions.domain.environments import Environment as EnvironmentOfStack
from functions.domain.errors import KiroError


def _given(reason: str) -> str:
    if not reason.strip():
        raise typer.BadParameter("it is empty: say why, for whoever reads the record later")
    return reason.strip()


Environment = Annotated[str, typer.Argument(help="an environment of the stack")]
Deployment = Annotated[str, typer.Argument(help="its name, as `history` shows it")]
Reason = Annotated[str, typer.Option("--reason", help="the reason; it is recorded and shown", callback=_given)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="confirm it without being asked")]
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
    output: Form,
) -> _Found:
    """Read from the stack, print the result, and return it."""
    with explained(context, output):
        found = read(context.obj.aws)
    out(found, table, output)
    return found


def do(
    context: typer.Context,
    act: Callable[[Operator], facts.Facts],
    describe: Callable[[facts.Facts], str],
    output: Form,
) -> facts.Facts:
    """Change the stack, print the result as text or data, and return it."""
    with explained(context, output):
        done = act(context.obj.aws)
    typer.echo(dumped(done, output) if output.is_data else describe(done))
    return done


def confirm(
    context: typer.Context,
    what: str,
    entered: Callable[[Operator], list[EnvironmentOfStack]],
    output: Form,
    *,
    yes: bool,
) -> None:
    """Ask before a command changes an environment whose releases people approve; `entered` are those that it changes.

    Without a terminal nobody can answer: then `--yes` is demanded, so that no script does it by accident.
    """
    if yes:
        return
    with explained(context, output):
        asked = [one.name for one in entered(context.obj.aws) if one.approval]
        if asked and not at_terminal():
            raise OutOfReachError(f"this would {what}, which changes {', '.join(asked)}: add --yes to confirm it")
    if asked and not typer.confirm(f"This will {what}, which changes {', '.join(asked)}. Go on?", err=True):
        _fail("nothing was changed", output)


def at_terminal() -> bool:
    """Whether standard input is a terminal."""
    return sys.stdin.isatty()


@contextmanager
def explained(context: typer.Context, output: Form) -> Iterator[None]:
    """Show a spinner meanwhile; print a known error with its next step and exit with 1."""
    console = Console(stderr=True)
    try:
        if output.is_data or context.command.name in _OWN_PROGRESS:
            yield
        else:
            with console.status("querying AWS"):
                yield
    except KiroError as error:
        _fail(str(error), output)
    except Exception as error:
        said = explain(error, context.obj.stack or "test")
        if said is None:
            raise
        _fail(said, output)


def _fail(message: str, output: Form) -> NoReturn:
    text = {Form.JSON: json.dumps({"error": message}), Form.YAML: dumped({"error": message}, Form.YAML)}
    typer.echo(text.get(output, f"kiro-worker: {message}"), err=True)
    raise typer.Exit(1)
