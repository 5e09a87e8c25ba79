"""`python -m local`: the whole platform on this machine, without an AWS account."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from local import cards, demo_storefront, detached, mails, running
from local import demo as demo_hello
from local.folders import fresh_folder
from local.github.boards import COLUMNS
from local.platform import PROJECT, Platform, PlatformError, pulumi
from local.ports import FIXED, usable
from local.progress import steps
from local.settings import REPOSITORY

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _with_settings(stack: str) -> str:
    known = sorted(file.suffixes[0][1:] for file in PROJECT.glob("Pulumi.*.yaml"))
    if stack not in known:
        raise typer.BadParameter(f"there is no Pulumi.{stack}.yaml; there are settings of {', '.join(known)}")
    return stack


StackOption = Annotated[str, typer.Option("--stack", help="the stack whose settings are used", callback=_with_settings)]
Output = Annotated[
    running.Form, typer.Option("--output", "-o", help="`env` prints lines for `eval`; `json` every name and address")
]


@contextmanager
def _explained() -> Iterator[None]:
    """Print an error of the platform with its next step, and exit with 1."""
    try:
        yield
    except (PlatformError, TimeoutError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@app.command()
def start(
    stack: StackOption = "test",
    detach: Annotated[bool, typer.Option("--detach", "-d", help="return when it is up; `stop` ends it")] = False,
    console_port: Annotated[int, typer.Option("--console-port", help="where the console is served")] = FIXED.console,
    output: Output = running.Form.TEXT,
) -> None:
    """Start the platform, deploy the program, say what to open and to type next, and run until stopped.

    Progress is on the error stream. Ports are the same at each start, unless another program has taken one.
    """
    with _explained():
        if detach:
            with steps() as say:
                described = detached.start(["--stack", stack, "--console-port", str(console_port)], say)
            typer.echo(running.written(described, output))
            return
        with running.only_one():
            _run(stack, console_port, output)


def _run(stack: str, console_port: int, output: running.Form) -> None:
    with ExitStack() as until_stopped:
        with steps() as say:
            ports = usable(replace(FIXED, console=console_port), say)
            made = Platform(fresh_folder("platform"), stack, say, ports=ports)
            platform = until_stopped.enter_context(made)
        described = {"pid": os.getpid(), "stack": stack, **platform.describe()}
        running.publish(described)
        typer.echo(running.written(described, output))
        signal.pause()


@app.command()
def status(output: Output = running.Form.TEXT) -> None:
    """Say how the running platform is reached; exit status 1 when none runs."""
    with _explained():
        typer.echo(running.written(running.running(), output))


@app.command()
def stop() -> None:
    """End the running platform and every process that it started."""
    with _explained(), steps() as say:
        say("ending the platform")
        ended = running.end()
    typer.echo("stopped" if ended else "no platform runs")


@app.command()
def up(
    stack: StackOption = "test",
    refresh: Annotated[bool, typer.Option("--refresh", help="make again what was changed or deleted by hand")] = False,
) -> None:
    """Deploy the program to the running platform."""
    _deploy("up", stack, *(["--refresh"] if refresh else []))


@app.command()
def preview(stack: StackOption = "test") -> None:
    """Print what `up` would change on the running platform."""
    _deploy("preview", stack)


@app.command()
def destroy(stack: StackOption = "test") -> None:
    """Delete every resource of the stack, except those that its settings retain."""
    _deploy("destroy", stack)


@app.command()
def mail(
    which: Annotated[str, typer.Argument(help="the number of a mail, or `last`: print its text")] = "",
    links: Annotated[bool, typer.Option("--links", help="print only the links")] = False,
) -> None:
    """List the mails that the platform has sent, or print one of them."""
    with _explained():
        received = mails.received(running.running())
        numbered = list(enumerate(received, start=1))
        found = [mails.chosen(numbered, which)] if which else numbered
    for number, one in found:
        if links:
            typer.echo("\n".join(mails.links(one)))
        elif which:
            typer.echo(f"{one.subject}\n\n{one.text}")
        else:
            typer.echo(f"{number:>3}  {one.topic:<12} {one.subject}")


@app.command()
def card(
    title: Annotated[str, typer.Argument(help="the title of the issue")],
    branch: Annotated[str, typer.Option("--branch", help="the branch with the spec; default: the title names it")] = "",
    body: Annotated[str, typer.Option("--body", help="the text of the issue")] = "",
    column: Annotated[str, typer.Option("--column", help="the column of the card")] = COLUMNS[0],
    repository: Annotated[str, typer.Option("--repository", help="owner/name")] = REPOSITORY,
) -> None:
    """Open an issue on the local GitHub and put its card on the board, for the worker to begin."""
    with _explained():
        made = cards.add(running.running(), repository, title, branch=branch, body=body, column=column)
    item = f"{repository}#{made.number}"
    typer.echo(f"{item} is in the column {column}; `kiro-worker --local why {item}` says what it waits for")


class Scene(StrEnum):
    """What the demo shows."""

    HELLO = "hello"
    STOREFRONT = "storefront"


@app.command()
def demo(
    stack: StackOption = "test",
    scene: Annotated[
        Scene, typer.Option("--scene", help="a function and board items, or the four services of docs/storefront.md")
    ] = Scene.HELLO,
) -> None:
    """Run the demo: a good release, a bad release that is rolled back, and three board items; or another scene."""
    console, scenes = Console(), {Scene.HELLO: demo_hello.run, Scene.STOREFRONT: demo_storefront.run}
    try:
        good = scenes[scene](fresh_folder("demo"), stack, console)
    except (PlatformError, TimeoutError) as error:
        console.print(f"[red]{error}[/red]", markup=True)
        raise typer.Exit(1) from None
    raise typer.Exit(0 if good else 1)


def _deploy(command: str, stack: str, *options: str) -> None:
    with _explained(), steps() as say:
        known = running.running()
        say(f"{command} of the stack {stack}")
        done = pulumi(command, stack, known, *options)
    for step in done.steps:
        typer.echo(f"  {step['op']:8} {step['type']} {step['name']}")
    typer.echo(", ".join(f"{count} {op}" for op, count in done.changes.items() if count) or "nothing to do")


def main() -> None:
    """Run the command; SIGTERM ends it like Ctrl-C, also when a shell started it with SIGINT ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    app()


if __name__ == "__main__":
    main()
