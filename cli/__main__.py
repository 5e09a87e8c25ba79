"""What operators ask and order of a stack: `kiro status`, `kiro watch DEPLOYMENT`, `kiro rollback ENVIRONMENT` …"""

import json
import sys
import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from cli import changes, facts, show, stopping, upkeep
from cli.aws.operator import Operator
from cli.session import Json, Session, do, explained, tell

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Reason = Annotated[str, typer.Option("--reason", help="why; it is recorded and shown")]
Environment = Annotated[str, typer.Argument(help="an environment of the stack")]
app.command()(upkeep.doctor)
app.command()(upkeep.setup)
app.command()(upkeep.validate)
_LOOK_SECONDS = 1.0


@app.callback()
def _options(
    context: typer.Context,
    stack: Annotated[
        str | None, typer.Option("--stack", envvar="KIRO_STACK", help="the stack; `test` by default")
    ] = None,
    endpoint: Annotated[str | None, typer.Option("--endpoint-url", help="another address than AWS's own")] = None,
    local: Annotated[bool, typer.Option("--local", help="the platform that runs on this machine")] = False,
) -> None:
    context.obj = Session(stack, endpoint, local)


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """What runs where, what was good last, what is frozen, locked or ringing."""
    tell(context, facts.environments, show.environments, as_json=as_json)


@app.command()
def history(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, help="how many, newest first")] = 20,
    as_json: Json = False,
) -> None:
    """The newest deployments and how they ended."""
    tell(context, lambda aws: facts.history(aws, limit), show.history, as_json=as_json)


@app.command()
def locks(context: typer.Context, as_json: Json = False) -> None:
    """Who holds which environment, why, since when, and who waits for it."""
    tell(context, facts.locks, show.locks, as_json=as_json)


@app.command()
def approvals(context: typer.Context, as_json: Json = False) -> None:
    """The requests that wait for a decision, and the way to decide them."""
    tell(context, facts.approvals, show.approvals, as_json=as_json)
    if not as_json:
        typer.echo(
            "\nA request is approved or rejected on the page that its mail links to (topic `approvals`): "
            "the link's secret is in that mail and nowhere else, so this command can't open it."
        )


@app.command()
def approve(context: typer.Context, as_json: Json = False) -> None:
    """Where to approve: on the page that the mail links to."""
    approvals(context, as_json)


@app.command()
def reject(context: typer.Context, as_json: Json = False) -> None:
    """Where to reject: on the page that the mail links to."""
    approvals(context, as_json)


@app.command()
def freeze(context: typer.Context, environment: Environment, reason: Reason, as_json: Json = False) -> None:
    """Let nothing be deployed to an environment until it is unfrozen; rollbacks still may."""
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
    """Let releases enter again; what nobody recorded is deployed anew by the next of them."""
    do(context, lambda aws: changes.unfreeze(aws, environment, reason), _open_again, as_json=as_json)


def _open_again(done: facts.Facts) -> str:
    doubts = "".join(
        f"\n{part} is in doubt: {who} began to change it and recorded no end; the next release deploys it anew"
        for part, who in done["inDoubt"].items()
    )
    was = done["was"]
    return f"{done['environment']} is open again; it was frozen since {was['since']}: {was['reason']}{doubts}"


@app.command()
def deploy(
    context: typer.Context,
    repository: Annotated[str, typer.Argument(help="owner/name")],
    ref: Annotated[str, typer.Argument(help="a commit, branch or tag")],
    emergency: Annotated[
        bool, typer.Option("--emergency", help="wait for no window, test nothing afterwards; everybody is told")
    ] = False,
    as_json: Json = False,
) -> None:
    """Start a deployment, also of what was deployed before."""
    do(
        context,
        lambda aws: changes.deploy(aws, repository, ref, emergency=emergency),
        lambda done: f"started {done['deployment']}; `kiro watch {done['deployment']}` follows it",
        as_json=as_json,
    )


@app.command()
def plan(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(help="a commit, branch or tag; the main branch when left out")] = "",
    environment: Annotated[
        list[str] | None, typer.Option("--environment", help="only this environment; may be given again")
    ] = None,
    repository: Annotated[str, typer.Option("--repository", help="owner/name, where the stack delivers several")] = "",
    as_json: Json = False,
) -> None:
    """What a commit would do now, and what is in its way; nothing is started or written."""
    tell(context, lambda aws: facts.plan(aws, ref, repository, environment or []), show.plan, as_json=as_json)


@app.command()
def rollback(
    context: typer.Context,
    environment: Environment,
    part: Annotated[str, typer.Option("--part", help="only this service, or `infrastructure`")] = "",
    to: Annotated[str, typer.Option("--to", help="to this commit (its beginning will do)")] = "",
    deployment: Annotated[str, typer.Option("--deployment", help="undo this deployment, not the last one")] = "",
    reason: Annotated[str, typer.Option("--reason", help="why; it is recorded and told")] = "",
    as_json: Json = False,
) -> None:
    """Put an environment back: to what ran before its last release, or to a named version."""
    wanted = changes.Wanted(environment, part, to, deployment, reason)
    do(context, lambda aws: changes.roll_back(aws, wanted), _rolling, as_json=as_json)


@app.command()
def stop_all(context: typer.Context, reason: Reason, as_json: Json = False) -> None:
    """Stop all that runs, and wait for rollbacks: before `pulumi destroy`, which can't end while something runs."""
    do(context, lambda aws: stopping.stop_all(aws, reason), _stopped, as_json=as_json)


def _stopped(done: facts.Facts) -> str:
    told = [f"stopped {one}" for one in done["stopped"]] + [f"{one} has ended" for one in done["rolledBack"]]
    return "\n".join([*told, "nothing runs any more"])


def _rolling(done: facts.Facts) -> str:
    back = (f"{one['part']} to {_short(one['to'])}" for one in done["parts"])
    return f"started {done['rollback']}: {', '.join(back)}; `kiro watch {done['rollback']}` follows it"


def _short(version: facts.Facts | None) -> str:
    if version is None:
        return "nothing (it was its first release, and stays)"
    return str(version["commit"][:12] or f"version {version['version']}")


@app.command()
def watch(
    context: typer.Context,
    deployment: Annotated[str, typer.Argument(help="its name, as `history` shows it")],
    as_json: Json = False,
) -> None:
    """Follow a deployment until it has ended; the exit code says whether it went well."""
    with explained(context, as_json=as_json):
        last = _watch_lines(context.obj.aws, deployment) if as_json else _watch_live(context.obj.aws, deployment)
    raise typer.Exit(0 if _went_well(last) else 1)


def _watch_lines(aws: Operator, deployment: str) -> facts.Facts:
    """A JSON line whenever something changed."""
    said: Any = None
    while True:
        now = facts.progress(aws, deployment)
        shape = [(one["name"], one["state"], one["status"]) for one in now["executions"]], now["outcome"]
        if shape != said:
            typer.echo(json.dumps(now))
            sys.stdout.flush()
            said = shape
        if not now["running"]:
            return now
        time.sleep(_LOOK_SECONDS)


def _watch_live(aws: Operator, deployment: str) -> facts.Facts:
    console = Console()
    now = facts.progress(aws, deployment)
    with Live(show.progress(now), console=console, auto_refresh=False) as live:
        while now["running"]:
            time.sleep(_LOOK_SECONDS)
            now = facts.progress(aws, deployment)
            live.update(show.progress(now), refresh=True)
    end = now["outcome"] or now["status"] or "ended without a record"
    console.print(f"{deployment}: {end}" + (f": {now['reason']}" if now["reason"] else ""), markup=False)
    return now


def _went_well(last: facts.Facts) -> bool:
    return last["outcome"] in facts.GOOD


def main() -> None:
    """The command."""
    app()


if __name__ == "__main__":
    main()
