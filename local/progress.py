"""What is being done, and executions while they run, on the terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from local.executions import Progress

_STYLES = {"RUNNING": "cyan", "SUCCEEDED": "green", "FAILED": "red", "ABORTED": "red", "TIMED_OUT": "red"}


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Say on the error stream what is being done: a spinner on a terminal, otherwise a line for each step."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)
        return
    with console.status("") as spinner:

        def say(line: str) -> None:
            console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)
            spinner.update(escape(line))

        yield say


@contextmanager
def shown(console: Console) -> Iterator[Callable[[list[Progress]], None]]:
    """Print executions as they run: a live table on a terminal, otherwise one line for each change."""
    if console.is_terminal:
        with Live(console=console, refresh_per_second=6, transient=False) as live:
            yield lambda executions: live.update(_table_of(executions))
        return
    printed: dict[str, str] = {}

    def lines(executions: list[Progress]) -> None:
        for execution in executions:
            progress = f"{execution.status.lower()} {execution.state}"
            if printed.get(execution.name) != progress:
                printed[execution.name] = progress
                console.print(f"  {execution.name}: {progress}")

    yield lines


def _table_of(executions: list[Progress]) -> Group:
    table = Table(box=None, padding=(0, 2))
    for column in ("execution", "status", "state", "transitions"):
        table.add_column(column)
    for execution in executions:
        status = Text(execution.status.lower(), style=_STYLES.get(execution.status, ""))
        table.add_row(execution.name, status, execution.state, str(len(execution.states)))
    return Group(table)
