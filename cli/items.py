"""The board's items as the worker sees them, and the instructions that a comment gives to it, too."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.markup import escape

from cli.aws.operator import Operator, OutOfReachError
from cli.facts import Facts
from cli.grid import Grid, unfolded
from cli.output import Form, Output
from cli.session import do, report
from functions.adapters.github.board import Board
from functions.domain.work_items import Record, State
from functions.handler import encode
from functions.procedures.steering import carry_out

if TYPE_CHECKING:
    from functions.domain.steering import Verb

app = typer.Typer(name="items", invoke_without_command=True, rich_markup_mode=None)
Item = Annotated[
    str, typer.Argument(metavar="ITEM", help="as `kiro-worker items` shows it, such as acme/shop#12; or its branch")
]
_UNFINISHED: tuple[State, ...] = ("running", "waiting", "ineligible", "stopped", "quarantined")
_STYLES = {"running": "cyan", "stopped": "yellow", "stopping": "yellow", "quarantined": "red", "done": "green"}


@app.callback()
def items(
    context: typer.Context,
    done: Annotated[bool, typer.Option("--done", help="those in review, too")] = False,
    output: Output = Form.TABLE,
) -> None:
    """Show the items of the board as the worker sees them: state, attempts and reason."""
    if context.invoked_subcommand is None:
        states = (*_UNFINISHED, "done") if done else _UNFINISHED
        report(context, lambda aws: [_summary(one) for one in _records(aws, states)], _table, output)


@app.command()
def show(context: typer.Context, item: Item, output: Output = Form.TABLE) -> None:
    """Show all that is recorded of one item."""
    report(context, lambda aws: encode(_found(aws, item)), _described, output)


@app.command()
def stop(context: typer.Context, item: Item, output: Output = Form.TABLE) -> None:
    """Stop the running attempt at an item and start no other, as the comment `/kiro stop` does."""
    do(context, lambda aws: _steer(aws, item, "stop"), lambda done: done["answer"], output)


@app.command()
def retry(context: typer.Context, item: Item, output: Output = Form.TABLE) -> None:
    """Start the next attempt at an item, as the comment `/kiro retry` does."""
    do(context, lambda aws: _steer(aws, item, "retry"), lambda done: done["answer"], output)


def named(record: Record) -> str:
    """The name of an item: `owner/name#12`, or the id of a card without an issue."""
    return f"{record.item.repository}#{record.item.number}" if record.item else record.item_id


def find(aws: Operator, item: str) -> Record | None:
    """The record of an item by its name, branch or id; None if the worker has not begun it."""
    every: tuple[State, ...] = (*_UNFINISHED, "done")
    for record in _records(aws, every):
        if item in (named(record), record.item_id, record.item.branch if record.item else ""):
            return aws.items.get(record.item_id)
    return None


def _found(aws: Operator, item: str) -> Record:
    found = find(aws, item)
    if found is None:
        raise OutOfReachError(
            f"no attempt at {item!r} was ever started; `kiro-worker items --done` lists those that were"
        )
    return found


def _steer(aws: Operator, item: str, verb: "Verb") -> Facts:
    """Do what a comment would, in the name of the caller; GitHub is used with the stack's own credential."""
    before = _found(aws, item)
    board = Board.connect(aws.informed(of="events-poll-board", family="worker"))
    answer = carry_out(verb, aws.who, lambda: aws.items.get(before.item_id), board, aws.executions, aws.items)
    return {"item": named(before), "was": before.state, "answer": answer}


def _records(aws: Operator, states: tuple[State, ...]) -> Iterator[Record]:
    """The records of items, by state and then by the age of the card."""
    for state in states:
        yield from sorted(aws.items.in_state(state), key=lambda one: one.item.created_at if one.item else "")


def _summary(record: Record) -> Facts:
    return {
        "item": named(record),
        "title": record.item.title if record.item else "",
        "branch": record.item.branch if record.item else "",
        "state": "stopping" if record.stop else record.state,
        "attempts": record.started,
        "failures": record.failures,
        "execution": record.execution.rpartition(":")[2],
        "reason": record.reason,
    }


def _table(found: list[Facts]) -> Grid:
    table = Grid(
        *("item", "title", "branch", "state", "attempts", "failures", "execution", "reason"),
        prose=("title", "reason"),
        wide=("branch", "failures", "execution"),
    )
    for one in found:
        style = _STYLES.get(one["state"], "default")
        state = f"[{style}]{one['state']}[/{style}]"
        texts = (escape(one["title"]), escape(one["branch"]), state, str(one["attempts"]), str(one["failures"]))
        table.add_row(one["item"], *texts, one["execution"], escape(one["reason"]))
    return table


def _described(record: Facts) -> Group:
    item = record["item"] or {}
    known = {
        "item": f"{item['repository']}#{item['number']}" if item else record["itemId"],
        "title": item.get("title", ""),
        "branch": item.get("branch", ""),
        "state": record["state"],
        "attempts": f"{record['started']}, {record['failures']} failed since a person moved the card",
        "execution": record["execution"],
        "reason": record["reason"],
        "stopped by": (record["stop"] or {}).get("by", ""),
    }
    return Group(*(unfolded(f"{name + ':':<12}{escape(text)}") for name, text in known.items() if text))
