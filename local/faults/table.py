"""The matrix as people read it: workflow / state / fault → outcome, seconds, verdict."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from local.faults.matrix import Verdict


def line(console: Console, number: int, total: int, verdict: Verdict) -> None:
    """One row as it comes."""
    row = verdict.row
    word = "[green]holds[/green]" if verdict.holds else "[red]FAILS[/red]"
    console.print(
        f"{number:4}/{total} {row.workflow}.{row.state} / {row.fault} → {verdict.outcome or '-'}, "
        f"{verdict.seconds:.1f} s, {word}"
    )


def print_table(console: Console, verdicts: Sequence[Verdict], seconds: float) -> None:
    """Every row, and below the table what was wrong with those that failed."""
    table = Table(title="What faults leave behind", title_justify="left")
    for column in ("workflow", "state", "fault", "played as", "outcome", "seconds", "verdict"):
        table.add_column(column)
    for one in verdicts:
        word = "[green]holds[/green]" if one.holds else "[red]FAILS[/red]"
        told = (one.row.workflow, one.row.state, one.row.fault, one.scenario, one.outcome, f"{one.seconds:.1f}", word)
        table.add_row(*told)
    console.print(table)
    failed = [one for one in verdicts if not one.holds]
    for one in failed:
        for problem in one.problems:
            console.print(f"{one.row.workflow}.{one.row.state} / {one.row.fault}: {problem}", style="red", markup=False)
    console.print(f"{len(verdicts)} rows, {len(verdicts) - len(failed)} hold, {len(failed)} fail, {seconds:.0f} s")
