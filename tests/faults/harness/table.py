"""The matrix as people read it: workflow / state / fault → outcome, seconds, verdict."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.faults.harness.matrix import Verdict


def line(console: Console, number: int, total: int, verdict: Verdict) -> None:
    """One case as it comes."""
    case = verdict.case
    word = "[green]holds[/green]" if verdict.holds else "[red]FAILS[/red]"
    console.print(
        f"{number:4}/{total} {case.workflow}.{case.state} / {case.fault} → {verdict.outcome or '-'}, "
        f"{verdict.seconds:.1f} s, {word}"
    )


def print_table(console: Console, verdicts: Sequence[Verdict], seconds: float) -> None:
    """Every case, and below the table what was wrong with those that failed."""
    table = Table(title="What faults leave behind", title_justify="left")
    for column in ("workflow", "state", "fault", "run as", "outcome", "seconds", "verdict"):
        table.add_column(column)
    for one in verdicts:
        word = "[green]holds[/green]" if one.holds else "[red]FAILS[/red]"
        told = (
            one.case.workflow,
            one.case.state,
            one.case.fault,
            one.scenario,
            one.outcome,
            f"{one.seconds:.1f}",
            word,
        )
        table.add_row(*told)
    console.print(table)
    failed = [one for one in verdicts if not one.holds]
    for one in failed:
        for problem in one.problems:
            console.print(
                f"{one.case.workflow}.{one.case.state} / {one.case.fault}: {problem}", style="red", markup=False
            )
    console.print(f"{len(verdicts)} cases, {len(verdicts) - len(failed)} hold, {len(failed)} fail, {seconds:.0f} s")
