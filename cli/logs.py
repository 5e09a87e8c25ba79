"""The log lines of one deployment or item: of the platform's functions, and of its builds."""

from typing import Annotated

import typer
from rich.console import Group
from rich.markup import escape

from cli import facts
from cli.aws.log_lines import LogLines
from cli.aws.operator import Operator, OutOfReachError
from cli.grid import unfolded
from cli.items import find
from cli.output import Form, Output
from cli.session import report


def logs(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="a deployment as `history` shows it, or an item as `items` shows it")],
    builds: Annotated[bool, typer.Option("--builds", help="only the logs of its builds")] = False,
    output: Output = Form.TABLE,
) -> None:
    """Show the log lines of the functions and builds of a deployment, a rollback or the last attempt at an item."""
    report(context, lambda aws: _lines(aws, name, builds=builds), _table, output)


def _lines(aws: Operator, name: str, *, builds: bool) -> list[facts.Facts]:
    """The lines by time; of a deployment, those of its stages and rollbacks, too, because they carry its name."""
    marked, family, execution, started = _subject(aws, name)
    found = aws.executions.describe(execution) if execution else None
    lines = LogLines(aws.aws, f"kiro-{family}-{aws.stack}-")
    begins = found.started if found else started
    read = [*lines.of_builds(marked, begins), *([] if builds else lines.of_functions(marked, begins))]
    return sorted(read, key=lambda one: str(one["at"]))


def _subject(aws: Operator, name: str) -> tuple[str, str, str, str]:
    """The id that the lines carry, the family of the names, the execution and the time of the start ("" if unknown)."""
    record = aws.deployments.get(name)
    item = None if record else find(aws, name)
    if item:
        return item.execution.rpartition(":")[2], "worker", item.execution, ""
    main = facts.main_execution(aws, name, record)
    if main is None and not (record and record.started_at):
        raise OutOfReachError(f"{name} never began, so it has no lines")
    return name, "pipeline", main.execution if main else "", record.started_at if record else ""


def _table(found: list[facts.Facts]) -> Group:
    if not found:
        return Group("no line is kept: log groups delete lines after the stack's `logRetentionDays`")
    return Group(*(unfolded(f"{one['at']} {escape(one['source'])} {escape(one['message'])}") for one in found))
