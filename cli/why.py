"""`kiro-worker why`: what a deployment or a work item waits for, since and until when, for whom, and the next step."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import facts
from cli.aws.operator import Operator, OutOfReachError
from cli.items import find
from cli.output import Form, Output
from cli.session import do
from functions.domain.times import minute
from functions.domain.work_items import Record
from functions.handler import encode
from functions.procedures.why import Why

if TYPE_CHECKING:
    from functions.domain.waiting import Waiting


def why(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="a deployment as `history` shows it, or an item as `items` does")],
    output: Output = Form.TABLE,
) -> None:
    """Show what a deployment or a work item waits for, and what to do about it."""
    do(context, lambda aws: read(aws, name), _text, output)


def read(aws: Operator, name: str) -> facts.Facts:
    """What is waited for, as JSON values; raises OutOfReachError for an unknown name."""
    reader = Why(aws.waits, aws.locks, aws.running, aws.executions, aws.workflows, aws.clock)
    found: Waiting
    if "#" in name:
        found = reader.of_item(_item(aws, name))
    else:
        record = aws.deployments.get(name)
        if record is None or not record.started_at:
            raise OutOfReachError(
                f"no deployment is called {name}; `kiro-worker history` lists them, `kiro-worker items` the items"
            )
        found = reader.of_deployment(record, aws.environments)
    return {"name": name, **encode(found)}


def _item(aws: Operator, name: str) -> Record:
    record = find(aws, name)
    if record is None:
        raise OutOfReachError(f"the worker has no item {name}; `kiro-worker items --done` lists them")
    return record


def _text(done: facts.Facts) -> str:
    times = {label: minute(done[label]) for label in ("since", "until") if done[label]}
    rows = {**times, "for": done["whom"], "next": done["next"]}
    lines = [f"  {label:<6} {value}" for label, value in rows.items() if value]
    return "\n".join([f"{done['name']} {done['text']}", *lines])
