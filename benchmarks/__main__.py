"""`make bench`: takes every measure on this machine, prints a table and writes `benchmarks/results.json`.

`make bench-platform` takes those that start a platform instead, and writes their rows only.
`python -m benchmarks lock board-requests` takes these alone, and writes nothing. The exit status is 0 also where a
goal is missed: the table says so.
"""

import argparse
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Finding, find
from benchmarks.registry import MEASURES

RESULTS = Path(__file__).with_name("results.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the measures, and print what was found."""
    names = [one.name for one in MEASURES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}; default: all")
    parser.add_argument("--pairs", type=int, default=11, help="how often both ways are measured (default: 11)")
    parser.add_argument(
        "--platform", action="store_true", help="take the measures that start a platform, not the others"
    )
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.names) - set(names))
    if unknown:
        parser.error(f"no measure is called {', '.join(unknown)}; there are {', '.join(names)}")
    if given.pairs < 1:
        parser.error(f"--pairs is {given.pairs}; give 1 or more")
    console, found = Console(), list[Finding]()
    for measure in MEASURES:
        if measure.name in given.names if given.names else measure.on_a_platform == given.platform:
            with console.status(measure.name):
                found.append(find(measure, given.pairs))
            if not given.names:  # at once: a later measure may fail
                _write(found[-1])
    console.print(_table(found))
    return 0


def _write(found: Finding) -> None:
    """Write what was found; other measures that there still are keep what they had."""
    before = json.loads(RESULTS.read_text("utf-8"))["findings"]
    rows = {**{one["name"]: one for one in before}, found.name: asdict(found)}
    facts = {"python": platform.python_version(), "machine": platform.machine()}
    written = {**facts, "findings": [rows[one.name] for one in MEASURES if one.name in rows]}
    RESULTS.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _table(found: Sequence[Finding]) -> Table:
    """One line for each measure: docs/benchmarks.md says in words what is promised, and what it is held against."""
    table = Table(title="Promises about speed and cost (docs/benchmarks.md)", title_justify="left", box=None)
    for column in ("measure", "ours", "the other", "ratio", "goal", ""):
        table.add_column(column, no_wrap=True)
    for one in found:
        verdict = "[green]met[/green]" if one.met else "[red]missed[/red]"
        ours, other = f"{one.ours:,.1f} {one.unit}", f"{one.other:,.1f}"
        table.add_row(one.name, ours, other, f"{one.ratio:.2f} x", one.goal, verdict)
    return table


if __name__ == "__main__":
    raise SystemExit(main())
