"""Show and operate a stack of Kiro Worker: its deployments, environments, locks, approvals, rollbacks and secrets."""

import json
import sys
import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from cli import changes, check, evidence, facts, opening, pins, show, stopping, upkeep, why
from cli.asked import images_of, one_ref, part_and_version
from cli.aws.operator import Operator
from cli.ends import exit_code
from cli.session import Json, Session, do, explained, report
from functions.domain.requests import Parts, Request, RollbackRequest

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Reason = Annotated[str, typer.Option("--reason", help="the reason; it is recorded and shown")]
Environment = Annotated[str, typer.Argument(help="an environment of the stack")]
app.command()(check.check)
app.command()(evidence.evidence)
app.command()(pins.pin)
app.command()(pins.unpin)
app.command()(upkeep.doctor)
app.command()(upkeep.setup)
app.command()(upkeep.validate)
app.command()(why.why)
app.command("open")(opening.open_console)
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
def status(context: typer.Context, as_json: Json = False) -> None:
    """Show each environment: what runs, the last known good, pins, drift, a freeze, the lock, and outside alarms."""
    report(context, facts.environments, show.environments, as_json=as_json)


@app.command()
def history(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, help="how many, newest first")] = 20,
    as_json: Json = False,
) -> None:
    """Show the newest deployments and their outcomes."""
    report(context, lambda aws: facts.history(aws, limit), show.history, as_json=as_json)


@app.command()
def locks(context: typer.Context, as_json: Json = False) -> None:
    """Show the locks: the owner, the reason, the time, and the executions that wait."""
    report(context, facts.locks, show.locks, as_json=as_json)


@app.command()
def items(
    context: typer.Context,
    done: Annotated[bool, typer.Option("--done", help="those in review, too")] = False,
    as_json: Json = False,
) -> None:
    """Show the items of the board as the worker sees them: state, attempts and reason."""
    report(context, lambda aws: facts.items(aws, done=done), show.items, as_json=as_json)


@app.command()
def approvals(context: typer.Context, as_json: Json = False) -> None:
    """Show the open requests for approval and how to decide them."""
    report(context, facts.approvals, show.approvals, as_json=as_json)
    if not as_json:
        typer.echo(
            "\nApprove or reject a request on the page that its mail links to (topic `approvals`). "
            "Only that mail contains the link's secret, so this command can't open the page."
        )


@app.command()
def approve(context: typer.Context, as_json: Json = False) -> None:
    """Show the open requests; approve on the page that the mail links to."""
    approvals(context, as_json)


@app.command()
def reject(context: typer.Context, as_json: Json = False) -> None:
    """Show the open requests; reject on the page that the mail links to."""
    approvals(context, as_json)


@app.command()
def freeze(context: typer.Context, environment: Environment, reason: Reason, as_json: Json = False) -> None:
    """Freeze an environment: no deployment may enter it until it is unfrozen. Rollbacks may."""
    do(
        context,
        lambda aws: changes.freeze(aws, environment, reason),
        lambda done: (
            f"{environment} is frozen by {done['frozen']['by']}; `kiro unfreeze {environment} --reason …` ends it"
        ),
        as_json=as_json,
    )


@app.command()
def unfreeze(context: typer.Context, environment: Environment, reason: Reason, as_json: Json = False) -> None:
    """Unfreeze an environment. The next release deploys the parts that are in doubt again."""
    do(context, lambda aws: changes.unfreeze(aws, environment, reason), _unfrozen, as_json=as_json)


def _unfrozen(done: facts.Facts) -> str:
    doubts = "".join(
        f"\n{part} is in doubt: {deployment} began to change it and recorded no end; the next release deploys it again"
        for part, deployment in done["inDoubt"].items()
    )
    was = done["was"]
    return f"{done['environment']} is unfrozen; it was frozen since {was['since']}: {was['reason']}{doubts}"


@app.command()
def forget(
    context: typer.Context,
    environment: Annotated[str, typer.Argument(help="an environment that the stack has no longer")],
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Delete what is recorded of an environment that the stack has no longer. It changes nothing that runs there."""
    do(context, lambda aws: changes.forget(aws, environment, reason), _forgotten, as_json=as_json)


def _forgotten(done: facts.Facts) -> str:
    ran = ", ".join(one["part"] for one in done["parts"] if one["running"]) or "nothing"
    return f"{done['environment']} is forgotten; recorded as running there was: {ran}"


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
    as_json: Json = False,
) -> None:
    """Start a deployment of a commit, branch or tag, also of one that was deployed before."""

    def start(aws: Operator) -> facts.Facts:
        given = [one for one in (ref, branch, f"refs/tags/{tag}" if tag else "") if one]
        parts: Parts = "infrastructure" if infrastructure else "all"
        wanted = Request(
            repository, one_ref(given), "", until, images_of(image or []), force, parts, emergency, reason=reason
        )
        return changes.deploy(aws, wanted)

    do(
        context,
        start,
        lambda done: (
            f"started {done['deployment']} (until {done['until']}); `kiro watch {done['deployment']}` follows it"
        ),
        as_json=as_json,
    )


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
    as_json: Json = False,
) -> None:
    """Show what a deployment of a commit would do now, and what would block it. Nothing is started or written."""
    report(context, lambda aws: facts.plan(aws, ref, repository, environment or []), show.plan, as_json=as_json)


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
    as_json: Json = False,
) -> None:
    """Roll an environment back to the versions before its last release, or to a named version."""

    def start(aws: Operator) -> facts.Facts:
        chosen, version = part_and_version(part, to, image)
        wanted = RollbackRequest(environment, chosen, version, reason, deployment=deployment)
        return changes.roll_back(aws, wanted, pin=pin or bool(newer_than), newer_than=newer_than)

    do(context, start, _rollback_started, as_json=as_json)


@app.command()
def stop_all(context: typer.Context, reason: Reason, as_json: Json = False) -> None:
    """Stop all executions and wait for rollbacks. Run it before `pulumi destroy`, which waits for executions."""
    do(context, lambda aws: stopping.stop_all(aws, reason), _stopped, as_json=as_json)


def _stopped(done: facts.Facts) -> str:
    lines = [f"stopped {one}" for one in done["stopped"]] + [f"{one} has ended" for one in done["rolledBack"]]
    return "\n".join([*lines, "no execution runs any more"])


def _rollback_started(done: facts.Facts) -> str:
    steps = ", ".join(_step(one["part"], one["to"]) for one in done["parts"])
    kept = f"\n{pins.pinned(done['pinned'])}" if "pinned" in done else ""
    return f"started {done['rollback']}: {steps}; `kiro watch {done['rollback']}` follows it{kept}"


def _step(part: str, version: facts.Facts | None) -> str:
    if version is None:
        return f"{part} stays (its first release, there is no earlier version)"
    return f"{part} to {show.named(version)}"


@app.command()
def watch(
    context: typer.Context,
    deployment: Annotated[str, typer.Argument(help="its name, as `history` shows it")],
    as_json: Json = False,
) -> None:
    """Follow a deployment until it ends. The exit code says how: 0 if it was deployed or had nothing to change."""
    with explained(context, as_json=as_json):
        last = _watch_lines(context.obj.aws, deployment) if as_json else _watch_live(context.obj.aws, deployment)
    raise typer.Exit(exit_code(last["outcome"], rollback=last["rollback"]))


def _watch_lines(aws: Operator, deployment: str) -> facts.Facts:
    """Print a JSON line for each change of a state or status."""
    printed: Any = None
    while True:
        now = facts.progress(aws, deployment)
        states = [(one["name"], one["state"], one["status"]) for one in now["executions"]], now["outcome"]
        if states != printed:
            typer.echo(json.dumps(now))
            sys.stdout.flush()
            printed = states
        if not now["running"]:
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
    end = now["outcome"] or now["status"] or "ended without a record"
    console.print(f"{deployment}: {end}" + (f": {now['reason']}" if now["reason"] else ""), markup=False)
    return now


def main() -> None:
    """Run the command `kiro`."""
    app()


if __name__ == "__main__":
    main()
