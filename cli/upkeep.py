"""Commands for the setup of a stack: permissions to deploy it, its secrets and parameter, checks of its resources."""

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
from cli.aws.board_parameter import PARAMETER, BoardParameter
from cli.aws.inventory import Inventory
from cli.aws.operator import OutOfReachError
from cli.aws.simulation import Simulation
from cli.facts import Facts
from cli.grid import Grid
from cli.output import Form, Output, dumped, out
from cli.session import at_terminal, explained, report
from functions.adapters.project_config import KEYS
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
    parameter: Annotated[
        str, typer.Option("--parameter", help=f"only this one, even if it has a value: {PARAMETER}")
    ] = "",
    output: Output = Form.TABLE,
) -> None:
    """Prompt for the values of secrets that have none yet, without showing them; with --secret, replace a value.

    Then show the parameter of the board, and prompt for its keys if it has none; with --parameter, change it. Without
    a terminal, the value of the one secret or parameter that is named is read from standard input. What is signed
    with the value before it counts for seven days after a change, so that senders can be changed afterwards.
    """
    unknown = [name for name in only or [] if name not in SECRETS]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}; there are {', '.join(SECRETS)}", param_hint="--secret")
    if parameter not in ("", PARAMETER):
        raise typer.BadParameter(f"{parameter}; there is {PARAMETER}", param_hint="--parameter")
    secrets = only or ([] if parameter else list(SECRETS))
    alone = len(only or []) + bool(parameter) == 1
    with explained(context, output):
        aws, stack = context.obj.aws.aws, context.obj.name
        for done in _set_up(SecretValues(aws), stack, secrets, replace=bool(only), alone=alone):
            typer.echo(_line(done, output))
        if parameter or not only:
            done = _set_parameter(BoardParameter(aws, stack), change=bool(parameter), alone=alone)
            typer.echo(_line(done, output))


def _line(done: Facts, output: Form) -> str:
    """What was done with one value, on a line of its own also as JSON; a document of its own as YAML."""
    if output is Form.YAML:
        return f"---\n{dumped(done, output)}"
    name = done.get("secret") or done["parameter"]
    return json.dumps(done) if output is Form.JSON else f"{name}: {done['said']}"


def _set_up(values: SecretValues, stack: str, secrets: list[str], *, replace: bool, alone: bool) -> Iterator[Facts]:
    for short in secrets:
        name = f"kiro-pipeline-{stack}-{SECRETS[short].name}"
        since = values.since(name)
        if since and not replace:
            yield {
                "secret": short,
                "said": f"has a value since {since}; `kiro-worker setup --secret {short}` replaces it",
            }
            continue
        given = _prompted(short, alone=alone)
        if not given:
            yield {"secret": short, "said": "not changed" if since else "left empty"}
            continue
        new = values.put(name, stored(short, given))
        yield {"secret": short, "said": f"stored in {name}" if new else f"{name} holds this value already"}


def _prompted(short: str, *, alone: bool) -> str:
    """The value that is typed or piped; an empty line generates one where that is possible, else changes nothing."""
    if at_terminal():
        nothing = "Enter alone generates one" if short in MADE else "Enter alone skips it"
        given = getpass(f"{SECRETS[short].holds}\n{short} ({nothing}): ")
        return given.strip() or (token_hex(32) if short in MADE else "")
    return _piped(alone=alone)


def _piped(*, alone: bool) -> str:
    """What is piped in, if it is for one name alone."""
    if not alone:
        raise OutOfReachError(
            "there is no terminal for a prompt: name one secret with --secret, or the parameter with --parameter, and "
            "pipe its value in"
        )
    return sys.stdin.read()


def _set_parameter(parameter: BoardParameter, *, change: bool, alone: bool) -> Facts:
    """Show the parameter or, if `change` or it has no key yet and somebody can be asked, replace it."""
    known, mistake = parameter.value()
    if not change and (known or mistake or not at_terminal()):
        said = f"{mistake or json.dumps(known)}; `kiro-worker setup --parameter {PARAMETER}` changes it"
    elif parameter.put(json.dumps(_typed(known)) if at_terminal() else _piped(alone=alone).strip()):
        said = f"stored in {parameter.name}"
    else:
        said = f"{parameter.name} holds this value already"
    return {"parameter": PARAMETER, "said": said}


def _typed(known: Facts) -> Facts:
    """The value whose keys are typed one after the other."""
    found = dict(known)
    for key in KEYS:
        nothing = f" keeps {known[key]}, - removes it" if key in known else ": as in the settings"
        given = typer.prompt(f"{key} (Enter alone{nothing})", "", show_default=False, err=True)
        match str(given).strip():
            case "":
                pass
            case "-":
                found.pop(key, None)
            case text:
                found[key] = int(text) if text.isdecimal() and key == "projectNumber" else text
    return found
