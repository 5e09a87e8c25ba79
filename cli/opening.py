"""`kiro-worker open`: a link that opens the console of a stack in a browser."""

import typer

from cli import facts
from cli.aws.operator import Operator, OutOfReachError
from cli.output import Form, Output
from cli.session import do
from functions.adapters.console_accesses import ConsoleAccesses
from functions.domain.console_access import LASTS, OPENS_FOR

_FUNCTION = "events-console"


def open_console(context: typer.Context, output: Output = Form.TABLE) -> None:
    """Print a link that opens the console. Whoever has the link sees it, and can change nothing there."""
    do(context, begin, _text, output)


def begin(aws: Operator) -> facts.Facts:
    """Write an access for the caller; raises OutOfReachError if the stack has no console."""
    client = aws.aws.client("lambda")
    try:
        found = client.get_function_configuration(FunctionName=f"kiro-pipeline-{aws.stack}-{_FUNCTION}")
    except client.exceptions.ResourceNotFoundException:
        raise OutOfReachError(
            f"the stack {aws.stack} has no console: set `console: true` and run `pulumi up`"
        ) from None
    address = found["Environment"]["Variables"]["CONSOLE_URL"]
    link = ConsoleAccesses(aws.aws.table("WAITS_TABLE")).open(aws.who, aws.clock.now())
    return {
        "link": f"{address}?open={link}",
        "opensForSeconds": int(OPENS_FOR.total_seconds()),
        "lastsSeconds": int(LASTS.total_seconds()),
    }


def _text(done: facts.Facts) -> str:
    minutes, hours = done["opensForSeconds"] // 60, done["lastsSeconds"] // 3600
    return f"{done['link']}\nopen it within {minutes} minutes; the session lasts {hours} hours"
