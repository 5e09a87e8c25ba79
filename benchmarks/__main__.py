"""`make bench`: measures every promise of docs/benchmarks.md on this machine."""

from rich.console import Console
from rich.table import Table

from benchmarks import board, cold_starts, transitions

_MEASURES = (cold_starts.refusal, cold_starts.handler, cold_starts.bytecode, transitions.watch, board.poll)


def main() -> None:
    """Run all benchmarks and print a table; the exit status is 0 also when a promise is not kept."""
    console = Console()
    table = Table(title="Promises about speed and cost", title_justify="left")
    for column in ("promise", "so", "otherwise", "ratio", "verdict"):
        table.add_column(column)
    for measure in _MEASURES:
        with console.status(measure.__name__):
            one = measure()
        verdict = "[green]kept[/green]" if one.kept else "[red]not kept[/red]"
        table.add_row(
            one.promise, one.ours, one.other, f"{one.ratio:.1f} x", f"{verdict} (at least {one.at_least:g} x)"
        )
    console.print(table)


if __name__ == "__main__":
    main()
