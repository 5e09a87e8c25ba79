"""What is done around a stack: may it be deployed, are its secrets in, is everything as it should be."""

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
from cli.session import Json, explained, out, tell
from functions.adapters.secrets import SECRETS, SecretValues
from functions.domain.secret_formats import MADE, stored
from functions.handler import encode


def validate(context: typer.Context, as_json: Json = False) -> None:
    """Look at every resource: is it there, encrypted, kept, confirmed? Exits with 1 when something is wrong."""
    found = tell(context, lambda aws: encode(list(Inventory(aws).pieces())), show.pieces, as_json=as_json)
    if any(check["outcome"] == "wrong" for piece in found for check in piece["checks"]):
        raise typer.Exit(1)


def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Ask AWS whether you may deploy the stack, before it exists too, and whether the account is ready for it.

    Nothing is done. Exits with 1 if you may not, or something is wrong; what AWS did not answer is said.
    """
    with explained(context, as_json=as_json):
        found = _simulated(context.obj.name)
    out(found, _examined, as_json=as_json)
    if found["refused"] or any(one["outcome"] == "wrong" for one in found["account"]):
        raise typer.Exit(1)


def _simulated(stack: str) -> Facts:
    caller = Simulation.connect()
    wanted = needs.by_resource(
        partition=caller.partition, region=caller.region, account=caller.account, pipeline=f"kiro-pipeline-{stack}"
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
        return f"[green]✓[/green] {who} may deploy: {found['asked']} actions were asked for, all are allowed"
    table = show.grid(f"{who} may not", "on", "because of")
    for one in found["refused"]:
        table.add_row(f"[red]✗[/red] {one['action']}", escape(one["resource"]), one["by"])
    return table


def setup(
    context: typer.Context,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--secret", help=f"only this one, also when it has a value; may be given again: {', '.join(SECRETS)}"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put in the values of secrets that have none yet, asking without showing; with --secret, replace a value.

    Without a terminal, the value of the one secret that --secret names is read from the input. What was valid before
    a change stays valid until the next one, so that whoever signs with it can follow.
    """
    unknown = [name for name in only or [] if name not in SECRETS]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}; there are {', '.join(SECRETS)}", param_hint="--secret")
    with explained(context, as_json=as_json):
        values = SecretValues(context.obj.aws.aws)
        for done in _set_up(values, context.obj.name, only or []):
            typer.echo(json.dumps(done) if as_json else f"{done['secret']}: {done['said']}")


def _set_up(values: SecretValues, stack: str, only: list[str]) -> Iterator[Facts]:
    for short in only or SECRETS:
        name = f"kiro-pipeline-{stack}-{SECRETS[short].name}"
        since = values.since(name)
        if since and not only:
            yield {"secret": short, "said": f"has a value since {since}; `kiro setup --secret {short}` replaces it"}
            continue
        given = _asked(short, only)
        if not given:
            yield {"secret": short, "said": "left as it was" if since else "left empty"}
            continue
        new = values.put(name, stored(short, given))
        yield {"secret": short, "said": f"is in {name}" if new else f"was in {name} already"}


def at_terminal() -> bool:
    """Whether somebody can type."""
    return sys.stdin.isatty()


def _asked(short: str, only: list[str]) -> str:
    """What is typed or piped; nothing means to leave it, or to have one made where that makes sense."""
    if at_terminal():
        nothing = "Enter alone makes one" if short in MADE else "Enter alone leaves it"
        given = getpass(f"{SECRETS[short].holds}\n{short} ({nothing}): ")
        return given.strip() or (token_hex(32) if short in MADE else "")
    if len(only) != 1:
        raise OutOfReachError("there is no terminal to ask at: name one secret with --secret, and pipe its value in")
    return sys.stdin.read()
