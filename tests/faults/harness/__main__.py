"""`python -m tests.faults.harness`: runs every fault of every Task state and reports the problems of each case."""

import itertools
import time
from typing import Annotated

import typer
from rich.console import Console

from local.folders import fresh_folder
from local.platform import PlatformError
from tests.faults.harness.matrix import kinds_of, run_matrix
from tests.faults.harness.plans import select
from tests.faults.harness.runs import StuckError
from tests.faults.harness.table import line, print_table


def main(
    workflow: Annotated[list[str] | None, typer.Option("--workflow", help="cases of this workflow only")] = None,
    state: Annotated[list[str] | None, typer.Option("--state", help="cases of this state only")] = None,
    fault: Annotated[list[str] | None, typer.Option("--fault", help="cases of this fault only: kill, stop …")] = None,
    subjects: Annotated[int, typer.Option("--subjects", help="how many cases of each kind run in parallel")] = 3,
) -> None:
    """Run every fault of every Task state and report the problems of each case; a case without problems holds."""
    cases = select(workflow or (), state or (), fault or ())
    if not cases:
        typer.echo("no case has this workflow, state and fault; leave an option out to select more cases", err=True)
        raise typer.Exit(1)
    console, started, finished = Console(), time.monotonic(), itertools.count(1)
    try:
        verdicts = run_matrix(
            fresh_folder("faults"),
            cases,
            lambda verdict: line(console, next(finished), len(cases), verdict),
            lambda text: console.print(f"[dim]{text}[/dim]"),
            kinds_of(cases, subjects),
        )
    except (PlatformError, StuckError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    print_table(console, verdicts, time.monotonic() - started)
    raise typer.Exit(0 if all(verdict.holds for verdict in verdicts) else 1)


if __name__ == "__main__":
    typer.run(main)
