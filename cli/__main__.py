"""Show and operate a stack of Kiro Worker: its deployments, environments, locks, approvals, rollbacks and secrets."""

import json
import sys
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from cli import (
    changes,
    check,
    cost,
    decisions,
    dora,
    environments,
    evidence,
    facts,
    freezes,
    items,
    logs,
    opening,
    pins,
    releases,
    show,
    stopping,
    upkeep,
    version,
    why,
)
from cli.asked import images_of, one_ref, part_and_version
from cli.aws.operator import Operator
from cli.ends import exit_code
from cli.output import Form, Output, dumped, tolerate_any_encoding
from cli.session import Deployment, Environment, Session, Yes, confirm, do, explained, report
from functions.domain.requests import Parts, Request, RollbackRequest

# Without markup, help and errors are plain lines, which a narrow terminal does not fold in the middle of a name.
app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

for command in (
    check.check,
    cost.cost,
    decisions.approvals,
    decisions.approve,
    decisions.reject,
    dora.dora,
    evidence.evidence,
    freezes.forget,
    freezes.freeze,
    freezes.unfreeze,
    logs.logs,
    pins.pin,
    pins.unpin,
    releases.cancel,
    releases.retry,
    releases.show,
    stopping.stop_all,
    upkeep.doctor,
    upkeep.setup,
    upkeep.validate,
    version.version,
    why.why,
):
    app.command()(command)
app.command("open")(opening.open_console)
app.add_typer(items.app)
_REFRESH_SECONDS = 1.0


@app.callback()
def _options(
    context: typer.Context,
    stack: Annotated[
        str | None, typer.Option("--stack", envvar="KIRO_STACK", help="the stack; `test` by default")
    ] = None,
    endpoint: Annotated[str | None, typer.Option("--endpoint-url", help="send AWS requests to this address")] = None,
    local: Annotated[bool, typer.Option("--local", help="use the platform that runs on this machine")] = False,
) -> None:
    context.obj = Session(stack, endpoint, local)


@app.command()
def status(context: typer.Context, output: Output = Form.TABLE) -> None:
    """Show each environment: what runs, the last known good, addresses, who waits for it or holds it, and alarms."""
    report(context, environments.environments, show.environments, output)


@app.command()
def history(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, help="how many, newest first")] = 20,
    output: Output = Form.TABLE,
) -> None:
    """Show the newest deployments and their outcomes."""
    report(context, lambda aws: facts.history(aws, limit), show.history, output)


@app.command()
def locks(context: typer.Context, output: Output = Form.TABLE) -> None:
    """Show the locks: the owner, the reason, the time, and the executions that wait."""
    report(context, facts.locks, show.locks, output)


@app.command()
def deploy(
    context: typer.Context,
    repository: Annotated[str, typer.Argument(help="owner/name")],
    ref: Annotated[str, typer.Argument(help="a commit, branch or tag; or give --ref or --tag")] = "",
    branch: Annotated[str, typer.Option("--ref", help="a commit, branch or tag")] = "",
    tag: Annotated[str, typer.Option("--tag", help="a tag, also where a branch has the same name")] = "",
    until: Annotated[str, typer.Option("--until", help="the last environment; default: all of them")] = "",
    image: Annotated[
        list[str] | None,
        typer.Option("--image", help="service=tag or digest: change only this service; may be repeated"),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="deploy infrastructure and services although unchanged")
    ] = False,
    infrastructure: Annotated[bool, typer.Option("--infrastructure", help="deploy only the infrastructure")] = False,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="skip windows and the tests in environments; notifications show it")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="the reason; it is recorded and shown")] = "",
    yes: Yes = False,
    output: Output = Form.TABLE,
) -> None:
    """Start a deployment of a commit, branch or tag, also of one that was deployed before."""
    with explained(context, output):
        given = [one for one in (ref, branch, f"refs/tags/{tag}" if tag else "") if one]
        parts: Parts = "infrastructure" if infrastructure else "all"
        wanted = Request(
            repository, one_ref(given), "", until, images_of(image or []), force, parts, emergency, reason=reason
        )
    releases.start(context, lambda _: wanted, output, yes=yes)


@app.command()
def plan(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(help="a commit, branch or tag; default: the main branch")] = "",
    environment: Annotated[
        list[str] | None, typer.Option("--environment", help="only this environment; may be repeated")
    ] = None,
    repository: Annotated[
        str, typer.Option("--repository", help="owner/name; required if the stack delivers several")
    ] = "",
    output: Output = Form.TABLE,
) -> None:
    """Show what a deployment of a commit would do now, and what would block it. Nothing is started or written."""
    report(context, lambda aws: facts.plan(aws, ref, repository, environment or []), show.plan, output)


@app.command()
def rollback(
    context: typer.Context,
    environment: Environment,
    part: Annotated[str, typer.Option("--part", help="only this service, or `infrastructure`")] = "",
    to: Annotated[str, typer.Option("--to", help="the commit, version tag or image to go back to")] = "",
    image: Annotated[str, typer.Option("--image", help="service=tag, instead of --part and --to")] = "",
    deployment: Annotated[str, typer.Option("--deployment", help="undo this deployment instead of the last one")] = "",
    reason: Annotated[str, typer.Option("--reason", help="the reason; it is recorded and shown")] = "",
    pin: Annotated[bool, typer.Option("--pin", help="pin what goes back, so that no release changes it again")] = False,
    newer_than: pins.NewerThan = "",
    yes: Yes = False,
    output: Output = Form.TABLE,
) -> None:
    """Roll an environment back to the versions before its last release, or to a named version."""

    def start(aws: Operator) -> facts.Facts:
        chosen, version = part_and_version(part, to, image)
        wanted = RollbackRequest(environment, chosen, version, reason, deployment=deployment)
        return changes.roll_back(aws, wanted, pin=pin or bool(newer_than), newer_than=newer_than)

    confirm(context, f"roll back {part or 'all parts'}", lambda aws: [aws.environment(environment)], output, yes=yes)
    do(context, start, _rollback_started, output)


def _rollback_started(done: facts.Facts) -> str:
    steps = ", ".join(_step(one["part"], one["to"]) for one in done["parts"])
    kept = f"\n{pins.pinned(done['pinned'])}" if "pinned" in done else ""
    return f"started {done['rollback']}: {steps}; `kiro-worker watch {done['rollback']}` follows it{kept}"


def _step(part: str, version: facts.Facts | None) -> str:
    if version is None:
        return f"{part} stays (its first release, there is no earlier version)"
    return f"{part} to {show.named(version)}"


@app.command()
def watch(
    context: typer.Context,
    deployment: Deployment,
    output: Output = Form.TABLE,
) -> None:
    """Follow a deployment until it ends. The exit code says how: 0 if it was deployed or had nothing to change.

    Without a terminal, and with --output wide, a line is printed for each change of a state.
    """
    live = output is Form.TABLE and sys.stdout.isatty()
    with explained(context, output):
        last = _watch_live(context.obj.aws, deployment) if live else _watch_lines(context.obj.aws, deployment, output)
    raise typer.Exit(exit_code(last["outcome"], rollback=last["rollback"]))


def _watch_lines(aws: Operator, deployment: str, output: Form) -> facts.Facts:
    """Print what has changed: a line for each execution, or all of it as one document of JSON or YAML."""
    printed: dict[str, str] = {}
    while True:
        now = facts.progress(aws, deployment)
        states = {one["name"]: f"{one['status'].lower()} {one['state']}" for one in now["executions"]}
        changed = {name: state for name, state in states.items() if printed.get(name) != state}
        if output.is_data:
            if changed or not now["running"]:
                typer.echo(json.dumps(now) if output is Form.JSON else f"---\n{dumped(now, output)}")
        else:
            for name, state in changed.items():
                typer.echo(f"{aws.clock.text()}  {name}  {state}")
        sys.stdout.flush()
        printed |= changed
        if not now["running"]:
            if not output.is_data:
                typer.echo(_end(deployment, now))
            return now
        time.sleep(_REFRESH_SECONDS)


def _watch_live(aws: Operator, deployment: str) -> facts.Facts:
    console = Console()
    now = facts.progress(aws, deployment)
    with Live(show.progress(now), console=console, auto_refresh=False) as live:
        while now["running"]:
            time.sleep(_REFRESH_SECONDS)
            now = facts.progress(aws, deployment)
            live.update(show.progress(now), refresh=True)
    console.print(_end(deployment, now), markup=False, soft_wrap=True)
    return now


def _end(deployment: str, now: facts.Facts) -> str:
    end = now["outcome"] or now["status"] or "ended without a record"
    return f"{deployment}: {end}" + (f": {now['reason']}" if now["reason"] else "")


def main() -> None:
    """Run the command `kiro-worker`."""
    tolerate_any_encoding()
    app()


if __name__ == "__main__":
    main()
