"""`python -m local`: the whole platform on this machine, without an AWS account."""

import json
import os
import signal
import sys
import time
from enum import StrEnum
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from local import demo as demo_hello
from local import demo_storefront
from local.console import PORT
from local.folders import HOME, alive, fresh_folder
from local.platform import PROJECT, Platform, PlatformError, pulumi

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
RUNNING = HOME / "running.json"


def _with_settings(stack: str) -> str:
    known = sorted(file.suffixes[0][1:] for file in PROJECT.glob("Pulumi.*.yaml"))
    if stack not in known:
        raise typer.BadParameter(f"there is no Pulumi.{stack}.yaml; there are settings of {', '.join(known)}")
    return stack


StackOption = Annotated[str, typer.Option("--stack", help="the stack whose settings are used", callback=_with_settings)]


@app.command()
def start(
    stack: StackOption = "test",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object when ready")] = False,
    console_port: Annotated[int, typer.Option("--console-port", help="where the console is served")] = PORT,
) -> None:
    """Start the platform, deploy the program, print addresses and names, and run until stopped."""
    known = _running()
    if known:
        _fail(f"a platform already runs as process {known['pid']}; end it with `python -m local stop`")
    console = Console(stderr=as_json)
    folder = fresh_folder("platform")
    with Platform(
        folder, stack, lambda line: console.print(f"[dim]{line}[/dim]"), console_port=console_port
    ) as platform:
        described = {"pid": os.getpid(), "stack": stack, **platform.describe()}
        RUNNING.write_text(json.dumps(described, indent=1), "utf-8")
        try:
            _print(described, as_json=as_json)
            if platform.console:
                console.print(f"[bold]console: {platform.console}[/bold]  mail: {platform.console[:-8]}/mail")
            console.print("[dim]running; end it with Ctrl-C or `python -m local stop`[/dim]")
            signal.pause()
        finally:
            RUNNING.unlink(missing_ok=True)


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False) -> None:
    """Print addresses and names of the running platform; exit status 1 when none runs."""
    known = _running()
    if not known:
        _fail("no platform runs; start one with `python -m local start`")
    _print(known, as_json=as_json)


@app.command()
def stop() -> None:
    """End the running platform and every process that it started."""
    known = _running()
    if not known:
        typer.echo("no platform runs")
        return
    os.kill(known["pid"], signal.SIGINT)
    deadline = time.monotonic() + 20
    while alive(known["pid"]):
        if time.monotonic() > deadline:
            _fail(f"process {known['pid']} did not end; end it and its children with `kill -9 {known['pid']}`")
        time.sleep(0.1)
    typer.echo("stopped")


@app.command()
def up(stack: StackOption = "test") -> None:
    """Deploy the program to the running platform."""
    _deploy("up", stack)


@app.command()
def preview(stack: StackOption = "test") -> None:
    """Print what `up` would change on the running platform."""
    _deploy("preview", stack)


@app.command()
def destroy(stack: StackOption = "test") -> None:
    """Delete every resource of the stack, except those that its settings retain."""
    _deploy("destroy", stack)


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


def _deploy(command: str, stack: str) -> None:
    known = _running()
    if not known:
        _fail("no platform runs; start one with `python -m local start`")
    try:
        done = pulumi(command, stack, known)
    except PlatformError as error:
        _fail(str(error))
    for step in done.steps:
        typer.echo(f"  {step['op']:8} {step['type']} {step['name']}")
    typer.echo(", ".join(f"{count} {op}" for op, count in done.changes.items() if count) or "nothing to do")


def _running() -> dict[str, Any] | None:
    try:
        known: dict[str, Any] = json.loads(RUNNING.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return known if alive(known["pid"]) else None


def _print(described: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(described))
        sys.stdout.flush()
        return
    for key, value in described.items():
        typer.echo(f"  {key}: {value if isinstance(value, str) else json.dumps(value)}")


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)


def main() -> None:
    """Run the command; SIGTERM ends it like Ctrl-C, also when a shell started it with SIGINT ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    app()


if __name__ == "__main__":
    main()
