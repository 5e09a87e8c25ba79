"""The command `cost`: what releases have used, and what AWS takes for it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from cli import facts
from cli.aws.builds import Builds, started_by
from cli.aws.operator import Operator
from cli.grid import Grid
from cli.output import Form, Output
from cli.prices import Counted
from cli.session import report
from functions.adapters.clock import iso

# A task is begun once, and again for each retry.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
_BEGUN = ("TaskScheduled", "LambdaFunctionScheduled")


def cost(
    context: typer.Context,
    deployment: Annotated[str, typer.Argument(help="only this one, as `history` shows it")] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=90, help="those that began in the last days")] = 2,
    output: Output = Form.TABLE,
) -> None:
    """Show what deployments cost: state transitions, build minutes and their price in US dollars.

    Without a name: those of yesterday and today. Prices are AWS's list prices of us-east-1 without free tiers.
    Calls of functions and reads of tables are not counted: they are well below a cent.
    """
    report(context, lambda aws: [*_costs(aws, deployment, days)], _table, output)


def _costs(aws: Operator, deployment: str, days: int) -> Iterator[facts.Facts]:
    """A line per deployment, newest first."""
    since = iso(aws.clock.now() - timedelta(days=days))
    if deployment:
        record = aws.deployments.get(deployment)
        main = facts.main_execution(aws, deployment, record)
        found = [(deployment, record.started_at if record else main.started if main else since)]
    else:
        newest = ((one.deployment_id, one.started_at) for one in facts.records(aws))
        found = [one for one in newest if one[1] >= since]
    if not found:
        return
    builds = [*Builds(aws.aws, f"kiro-pipeline-{aws.stack}-").since(min(started for _, started in found))]
    for name, started in found:
        counted = _counted(aws, name, [one for one in builds if started_by(one) == name])
        yield {
            "deployment": name,
            "startedAt": started,
            "transitions": counted.transitions,
            "builds": len(counted.builds),
            "buildMinutes": counted.build_minutes,
            "dollars": round(counted.dollars, 4),
        }


def _counted(aws: Operator, name: str, builds: list[Any]) -> Counted:
    executions = (facts.main_execution(aws, name, aws.deployments.get(name)), *facts.nested(aws, name))
    kinds = [kind for one in executions if one for kind in aws.executions.events(one.execution)]
    retries = sum(kind in _BEGUN for kind in kinds) - kinds.count("TaskStateEntered")
    transitions = sum(kind.endswith("StateEntered") for kind in kinds) + retries
    times = tuple((one["environment"]["computeType"], _seconds(aws, one)) for one in builds)
    return Counted(transitions, times)


def _seconds(aws: Operator, build: Any) -> float:
    """Until now, if it runs."""
    return float((build.get("endTime", aws.clock.now()) - build["startTime"]).total_seconds())


def _table(found: list[facts.Facts]) -> RenderableType:
    table = Grid("deployment", "started", "transitions", "build minutes", "US dollars")
    for one in found:
        numbers = (one["transitions"], one["buildMinutes"])
        table.add_row(one["deployment"], one["startedAt"], *map(str, numbers), f"{one['dollars']:.4f}")
    total = sum(one["dollars"] for one in found)
    return Group(table, f"together {total:.2f} US dollars")
