"""Commands for the setup of a stack: permissions to deploy it, values of its secrets, checks of its resources."""

import json
import sys
from collections.abc import Iterator
from getpass import getpass
from secrets import token_hex
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from cli import needs, show
from cli.aws.account import Account
from cli.aws.inventory import Inventory
from cli.aws.operator import OutOfReachError
from cli.aws.simulation import Simulation
from cli.facts import Facts
from cli.grid import Grid
from cli.output import Form, Output, dumped, out
from cli.session import at_terminal, explained, report
from functions.adapters.secrets import SECRETS, SecretValues
from functions.domain.secret_formats import MADE, stored
from functions.handler import encode


def validate(context: typer.Context, output: Output = Form.TABLE) -> None:
    """Check every resource: it exists, is encrypted, kept and confirmed. The exit code is 1 if something is wrong."""
    found = report(context, lambda aws: encode(list(Inventory(aws).pieces())), show.pieces, output)
    if any(check["outcome"] == "wrong" for piece in found for check in piece["checks"]):
        raise typer.Exit(1)


def doctor(context: typer.Context, output: Output = Form.TABLE) -> None:
    """Simulate in IAM whether you may deploy the stack, and read whether the account is ready for it.

    The stack need not exist. Nothing is changed. The exit code is 1 if you may not deploy or something is wrong. A
    question that AWS did not answer is printed with `?`.
    """
    with explained(context, output):
        found = _simulated(context.obj.name)
    out(found, _examined, output)
    if found["refused"] or any(one["outcome"] == "wrong" for one in found["account"]):
        raise typer.Exit(1)


def _simulated(stack: str) -> Facts:
    caller = Simulation.connect()
    wanted = needs.by_resource(
        partition=caller.partition,
        region=caller.region,
        account=caller.account,
        pipeline=f"kiro-pipeline-{stack}",
        stack=stack,
    )
    refused = [one for resource, actions in wanted.items() for one in caller.refused(actions, resource)]
    account = Account(caller.aws, stack, caller.account, caller.region, caller.partition)
    return {
        "who": caller.who,
        "asked": sum(map(len, wanted.values())),
        "refused": encode(refused),
        "account": encode(list(account.findings())),
    }


def _examined(found: Facts) -> RenderableType:
    return Group(_refusals(found), show.findings(found["account"]))


def _refusals(found: Facts) -> RenderableType:
    who = escape(found["who"])
    if not found["refused"]:
        return f"[green]✓[/green] {who} may deploy: all of {found['asked']} simulated actions are allowed"
    table = Grid(f"{who} may not", "on", "denied by")
    for one in found["refused"]:
        table.add_row(f"[red]✗[/red] {one['action']}", escape(one["resource"]), one["by"])
    return table


def setup(
    context: typer.Context,
    only: Annotated[
        list[str] | None,
        typer.Option("--secret", help=f"only this one, even if it has a value; may be repeated: {', '.join(SECRETS)}"),
    ] = None,
    output: Output = Form.TABLE,
) -> None:
    """Prompt for the values of secrets that have none yet, without showing them; with --secret, replace a value.

    Without a terminal, the value of the one secret that --secret names is read from standard input. The value before
    a change stays valid until the next change, so that senders can be changed afterwards.
    """
    unknown = [name for name in only or [] if name not in SECRETS]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}; there are {', '.join(SECRETS)}", param_hint="--secret")
    with explained(context, output):
        values = SecretValues(context.obj.aws.aws)
        for done in _set_up(values, context.obj.name, only or []):
            typer.echo(_line(done, output))


def _line(done: Facts, output: Form) -> str:
    """What was done with one secret, on a line of its own also as JSON; a document of its own as YAML."""
    if output is Form.YAML:
        return f"---\n{dumped(done, output)}"
    return json.dumps(done) if output is Form.JSON else f"{done['secret']}: {done['said']}"


def _set_up(values: SecretValues, stack: str, only: list[str]) -> Iterator[Facts]:
    for short in only or SECRETS:
        name = f"kiro-pipeline-{stack}-{SECRETS[short].name}"
        since = values.since(name)
        if since and not only:
            yield {
                "secret": short,
                "said": f"has a value since {since}; `kiro-worker setup --secret {short}` replaces it",
            }
            continue
        given = _prompted(short, only)
        if not given:
            yield {"secret": short, "said": "not changed" if since else "left empty"}
            continue
        new = values.put(name, stored(short, given))
        yield {"secret": short, "said": f"stored in {name}" if new else f"{name} holds this value already"}


def _prompted(short: str, only: list[str]) -> str:
    """The value that is typed or piped; an empty line generates one where that is possible, else changes nothing."""
    if at_terminal():
        nothing = "Enter alone generates one" if short in MADE else "Enter alone skips it"
        given = getpass(f"{SECRETS[short].holds}\n{short} ({nothing}): ")
        return given.strip() or (token_hex(32) if short in MADE else "")
    if len(only) != 1:
        raise OutOfReachError("there is no terminal for a prompt: name one secret with --secret, and pipe its value in")
    return sys.stdin.read()
