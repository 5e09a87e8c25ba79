"""Prints the matrix: workflow / state / fault → outcome, seconds, verdict."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.faults.harness.matrix import Verdict


def line(console: Console, number: int, total: int, verdict: Verdict) -> None:
    """Print the verdict of one case, and its problems at once: a run of all cases takes half an hour."""
    case = verdict.case
    word = "[green]holds[/green]" if verdict.holds else "[red]FAILS[/red]"
    console.print(
        f"{number:4}/{total} {case.workflow}.{case.state} / {case.fault} → {verdict.outcome or '-'}, "
        f"{verdict.seconds:.1f} s, {word}"
    )
    for problem in verdict.problems:
        console.print(f"     {problem}", style="red", markup=False)


def print_table(console: Console, verdicts: Sequence[Verdict], seconds: float) -> None:
    """Print a table of all cases, and below it the problems of the failed ones."""
    table = Table(title="Fault cases", title_justify="left")
    for column in ("workflow", "state", "fault", "scenario", "outcome", "seconds", "verdict"):
        table.add_column(column)
    for one in verdicts:
        word = "[green]holds[/green]" if one.holds else "[red]FAILS[/red]"
        cells = (
            one.case.workflow,
            one.case.state,
            one.case.fault,
            one.scenario,
            one.outcome,
            f"{one.seconds:.1f}",
            word,
        )
        table.add_row(*cells)
    console.print(table)
    failed = [one for one in verdicts if not one.holds]
    for one in failed:
        for problem in one.problems:
            console.print(
                f"{one.case.workflow}.{one.case.state} / {one.case.fault}: {problem}", style="red", markup=False
            )
    console.print(f"{len(verdicts)} cases, {len(verdicts) - len(failed)} hold, {len(failed)} fail, {seconds:.0f} s")
