"""Commands about one release: show it, cancel it, or start it again."""

import os
from collections.abc import Callable, Iterator
from typing import Annotated

import typer
from msgspec.structs import replace
from rich.console import Group, RenderableType
from rich.markup import escape

from cli import changes, facts
from cli.aws.operator import Operator, OutOfReachError
from cli.grid import Grid, unfolded
from cli.output import Form, Output
from cli.session import Deployment, Reason, Yes, confirm, do, report
from cli.show import progress
from functions.domain.environments import Environment
from functions.domain.errors import BadInputError
from functions.domain.reconciliation import Ended
from functions.domain.records import DeploymentRecord
from functions.domain.requests import Request
from functions.handler import encode

_GITHUB = "https://github.com"


def start(context: typer.Context, wanted: Callable[[Operator], Request], output: Form, *, yes: bool) -> None:
    """Ask, where people approve releases, and start a deployment of a request."""
    confirm(context, "deploy a release", lambda aws: changes.entered(aws, wanted(aws)), output, yes=yes)
    do(context, lambda aws: changes.deploy(aws, wanted(aws)), _started, output)


def _started(done: facts.Facts) -> str:
    follow = f"`kiro-worker watch {done['deployment']}` follows it"
    unchecked = f"\nwhether its commit exists was not checked: {done['unchecked']}" if done["unchecked"] else ""
    return f"started {done['deployment']} (until {done['until']}); {follow}{unchecked}"


def retry(
    context: typer.Context,
    deployment: Deployment,
    reason: Annotated[str, typer.Option("--reason", help="the reason; it is recorded and shown")] = "",
    yes: Yes = False,
    output: Output = Form.TABLE,
) -> None:
    """Deploy the same commit or images again, by the same request, after a deployment has ended."""
    start(context, lambda aws: _again(aws, deployment, reason), output, yes=yes)


def _again(aws: Operator, deployment: str, reason: str) -> Request:
    """The request of a deployment that has ended, for the commit that it stood for then."""
    record = _record(aws, deployment)
    if record.release is None:
        raise OutOfReachError(f"{deployment} is a rollback: `kiro-worker rollback ENV` starts another one")
    if not record.outcome:
        raise OutOfReachError(
            f"{deployment} has no outcome yet: `kiro-worker watch {deployment}` follows it, "
            f"`kiro-worker cancel {deployment}` ends it"
        )
    release = record.release
    request = record.request or Request(release.repository, release.ref, emergency=release.emergency)
    return replace(request, commit=release.commit, reason=reason or f"{deployment} is retried")


def cancel(
    context: typer.Context, deployment: Deployment, reason: Reason, yes: Yes = False, output: Output = Form.TABLE
) -> None:
    """Stop a deployment. What it has begun to change is rolled back, and its locks, builds and requests end."""
    confirm(context, f"cancel {deployment}", lambda aws: _entered(aws, deployment), output, yes=yes)
    do(
        context,
        lambda aws: _cancel(aws, deployment, reason),
        lambda done: (
            f"{done['deployment']} is stopped; what it began to change is rolled back; "
            f"`kiro-worker show {deployment}` follows"
        ),
        output,
    )


def _entered(aws: Operator, deployment: str) -> list[Environment]:
    """The environment that a deployment is in; none before it has entered one."""
    record = aws.deployments.get(deployment)
    where = record.environment if record else ""
    return [one for one in aws.environments if one.name == where]


def _cancel(aws: Operator, deployment: str, reason: str) -> facts.Facts:
    found = facts.main_execution(aws, deployment, aws.deployments.get(deployment))
    if found is None:
        raise OutOfReachError(f"{deployment} has ended long ago; `kiro-worker show {deployment}` says how")
    if found.workflow == aws.workflows["rollback"]:
        raise OutOfReachError(
            f"{deployment} is a rollback: stopped in the middle it would leave unknown what runs; "
            f"`kiro-worker watch {deployment}` waits for its end"
        )
    if found.status != "RUNNING":
        raise OutOfReachError(f"{deployment} has ended as {found.status}; `kiro-worker show {deployment}` says how")
    cause = f"cancelled by {aws.who}: {reason}"
    aws.executions.stop(found.execution, cause)
    return {"deployment": deployment, "execution": found.execution, "cause": cause}


def show_release(aws: Operator, deployment: str) -> facts.Facts:
    """All that is known of one deployment: release, request, executions, gates, approvals, stages, rollbacks, links."""
    record = _record(aws, deployment)
    main = facts.main_execution(aws, deployment, record)
    executions = [*facts.progress(aws, deployment)["executions"]]
    return {
        **facts.summary(record),
        "cause": main.cause if main else "",
        "plan": encode(record.plan) if record.plan else None,
        "gates": encode(list(record.gates)),
        "approvals": [*facts.decisions(aws, deployment)],
        "stages": [
            {"environment": name, **encode(one), "gates": encode(list(record.gates_after.get(name, ())))}
            for name, one in sorted(record.stages.items(), key=lambda pair: pair[1].started_at)
        ],
        "rollbacks": [{"environment": name, **encode(one)} for name, one in record.rollback.items()],
        "executions": executions,
        "links": _links(record, main, _github(aws)),
    }


def _github(aws: Operator) -> str:
    """The address of GitHub: the console's function has it, whose settings operators may read for `open`."""
    lambdas = aws.aws.client("lambda")
    try:
        return aws.informed(of="events-console").setting("GITHUB_URL").rstrip("/")
    except (lambdas.exceptions.ResourceNotFoundException, BadInputError):  # without a console, or an older one
        return _GITHUB


def _links(record: DeploymentRecord, main: Ended | None, github: str) -> facts.Facts:
    """The pages of the execution, which AWS alone has, and of the commit."""
    execution, release = main.execution if main and "AWS_ENDPOINT_URL" not in os.environ else "", record.release
    region = execution.split(":")[3] if execution else ""
    console = f"https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/"
    commit = f"{github}/{release.repository}/commit/{release.commit}" if release and release.commit else ""
    return {"execution": f"{console}{execution}" if region else "", "commit": commit}


def _record(aws: Operator, deployment: str) -> DeploymentRecord:
    record = aws.deployments.get(deployment)
    if record is None:
        raise OutOfReachError(f"no deployment is called {deployment}; `kiro-worker history` lists them")
    return record


def show(context: typer.Context, deployment: Deployment, output: Output = Form.TABLE) -> None:
    """Show one release: what it deploys, who started and approved it, its gates, stages, executions and end."""
    report(context, lambda aws: show_release(aws, deployment), _described, output)


def _described(one: facts.Facts) -> RenderableType:
    known = {
        "deployment": one["deployment"],
        "outcome": f"{one['outcome'] or one['status']}{': ' if one['reason'] else ''}{one['reason']}",
        "release": f"{one['repository']} {one['commit'][:12]} {one['title']}",
        "author": one["author"],
        "started": f"{one['startedAt']} ({' '.join(filter(None, (one['trigger'], one['by'])))})",
        "finished": one["finishedAt"],
        "emergency": "yes" if one["emergency"] else "",
        "reason": (one["request"] or {}).get("reason", ""),
        "commit": one["links"]["commit"],
        "execution": one["links"]["execution"],
    }
    return Group(
        *(unfolded(f"{name + ':':<12}{escape(text)}") for name, text in known.items() if text),
        *_tables(one),
    )


def _tables(one: facts.Facts) -> Iterator[RenderableType]:
    """A table for each kind of data that the deployment has."""
    judged = [("before", gate) for gate in one["gates"]]
    judged += [(stage["environment"], gate) for stage in one["stages"] for gate in stage["gates"]]
    gates = Grid("gate", "environment", "verdict", "reason", prose=("reason",))
    for environment, gate in judged:
        gates.add_row(gate["name"], environment, _coloured(gate["outcome"]), escape(gate["reason"]))
    decisions = Grid("approval of", "purpose", "state", "by", "at", "why", prose=("by", "why"))
    for given in one["approvals"]:
        people, why = escape(", ".join(given["people"])), escape(given["reason"])
        decisions.add_row(given["environment"], given["purpose"], _coloured(given["state"]), people, given["at"], why)
    stages = Grid("stage", "result", "started", "finished", "reason", prose=("reason",), wide=("started",))
    for stage in one["stages"]:
        times = (stage["startedAt"], stage["finishedAt"])
        stages.add_row(stage["environment"], _coloured(stage["result"]), *times, escape(stage["reason"]))
    rollbacks = Grid("rollback of", "result", "verified", "cause", "reason", prose=("cause", "reason"))
    for back in one["rollbacks"]:
        words = (escape(back["cause"]), escape(back["reason"]))
        rollbacks.add_row(back["environment"], _coloured(back["result"]), back["verifiedAt"], *words)
    for rows, table in ((judged, gates), (one["approvals"], decisions), (one["stages"], stages)):
        if rows:
            yield from ("", table)
    if one["rollbacks"]:
        yield from ("", rollbacks)
    yield from ("", progress(one))


def _coloured(end: str) -> str:
    style = "green" if end in ("passed", "approved", "restored") else "red"
    return f"[{style}]{escape(end)}[/{style}]"
