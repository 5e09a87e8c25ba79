"""`docs/benchmarks.md`: what `make bench` found last, with a chart."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.__main__ import RESULTS
from tools.reference.markdown import paragraph, table

_INTRODUCTION = """
For people who compare systems, or change code that affects speed or cost: what is promised, what it is held against,
and what the last run found. `make bench` takes the measures and writes `benchmarks/results.json`, `make bench-platform`
those that start a platform; `make reference` writes this page from it.
"""
_HOW = """
Both ways are measured in one run and in turns, and the first of each does not count. The ratio is the median of the
pairs; the quartiles are in brackets. Times are milliseconds of the processor, in which other work of the machine is not
contained. A cold start is a new interpreter. Counts are the same in each run and are taken once; a goal for each time
is one for the largest figure. Releases on a platform are timed by the clock of their executions, on the emulated AWS of
this machine. No test asserts a time. `make test` asserts the counts and what each function imports, and takes one of
the times once; `make test-all` takes all.
"""
_RUN = "Measured with Python {python} on {machine}."


def page() -> str:
    """The text of the page."""
    return (
        "\n\n".join(["# Benchmarks", paragraph(_INTRODUCTION), *_parts(json.loads(RESULTS.read_text("utf-8")))]) + "\n"
    )


def _parts(results: dict[str, Any]) -> Iterator[str]:
    found = results["findings"]
    head = ("measure", "promise", "ours", "held against", "its figure", "pairs", "ratio", "goal", "verdict")
    yield table([head, *(_row(one) for one in found)])
    yield paragraph(_RUN.format(**results))
    yield "## Ratio to the goal"
    yield _chart([one for one in found if one["goal"].endswith("x")])
    yield paragraph("Each bar is the ratio divided by its goal, in percent: up to 100 the goal is met.")
    missed = [one for one in found if not one["met"]]
    if missed:
        yield "## Goals that are missed"
        yield "\n".join(f"- `{one['name']}`: {one['floor'] or 'the cause is not removed yet'}." for one in missed)
    yield "## How it is measured"
    yield paragraph(_HOW)


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    spread = f" ({one['low']:.2f} to {one['high']:.2f})" if one["pairs"] > 1 else ""
    return (
        f"`{one['name']}`",
        one["promise"],
        _figure(one["ours"], one["unit"]),
        one["against"],
        _figure(one["other"], one["unit"]),
        str(one["pairs"]),
        f"{one['ratio']:.2f} x{spread}",
        one["goal"],
        "met" if one["met"] else "**missed**",
    )


def _figure(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 100 or value == int(value) else f"{value:.1f} {unit}"


def _chart(found: Sequence[dict[str, Any]]) -> str:
    """A bar chart that GitHub draws (https://mermaid.js.org/syntax/xyChart.html)."""
    names = ", ".join(f'"{one["name"]}"' for one in found)
    goals = [float(one["goal"].removeprefix("≤ ").removesuffix(" x")) for one in found]
    parts = ", ".join(f"{100 * one['ratio'] / goal:.0f}" for one, goal in zip(found, goals, strict=True))
    lines = (
        "xychart-beta horizontal",
        f"    x-axis [{names}]",
        '    y-axis "percent of the goal"',
        f"    bar [{parts}]",
    )
    return "\n".join(("```mermaid", *lines, "```"))
