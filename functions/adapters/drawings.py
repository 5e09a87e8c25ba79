"""Draws workflows as SVG, with what an execution has passed; the drawings are made from the definitions.

`statemachines/drawings.py` writes `html/drawings.json`: this package knows no definitions. The policy of the page
allows no style attributes, so everything that changes is a class.
"""

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from functions.domain.console import Passed
from functions.domain.texts import html

_FILE = Path(__file__).parent / "html" / "drawings.json"
# In pixels: a box, and the distance from one to the next.
_WIDE, _HIGH, _RIGHT, _DOWN, _MARGIN = 148, 24, 176, 36, 6

Point = tuple[int, int]


def phase_of(state: str) -> str:
    """The phase of a state of the workflow `stage`; "" for a state of another one."""
    found: str = _drawings()["phases"].get(state, "")
    return found


def svg(workflow: str, states: Sequence[Passed], *, running: bool) -> str:
    """The drawing of a workflow; "" if there is none of this name.

    The states that were entered are marked, and of a running execution the last one as the current one.
    """
    drawn = _drawings().get(workflow)
    if drawn is None or workflow == "phases":
        return ""
    seen = [one.state for one in states]
    now = seen[-1] if seen and running else ""
    places = {name: (column, row) for name, (column, row, _) in drawn["states"].items()}
    width = _MARGIN * 2 + _RIGHT * max(column for column, _ in places.values()) + _WIDE
    height = _MARGIN * 2 + _DOWN * max(row for _, row in places.values()) + _HIGH
    steps = set(pairwise(seen))
    arrows = "".join(
        f'<path class="{"arrow seen" if (source, target) in steps else "arrow"}" '
        f'd="{_path(places[source], places[target])}"/>'
        for source, target in drawn["arrows"]
    )
    boxes = "".join(
        _box(name, places[name], kind, "now" if name == now else "seen" if name in seen else "")
        for name, (_, _, kind) in drawn["states"].items()
    )
    words = f"{len(set(seen))} of {len(places)} states passed" + (f", now {now}" if now else "")
    label = f"The workflow {workflow}: {words}"
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg class="graph" role="img" aria-label="{html(label)}" {size}>{arrows}{boxes}</svg>'


def _box(name: str, place: Point, kind: str, mark: str) -> str:
    x, y = _corner(place)
    round_ = _HIGH // 2 if kind == "end" else 4
    middle = f'x="{x + _WIDE // 2}" y="{y + _HIGH // 2 + 4}"'
    return (
        f'<g class="state {kind} {mark}"><rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="{round_}"/>'
        f'<text {middle} text-anchor="middle">{html(name)}</text></g>'
    )


def _path(source: Point, target: Point) -> str:
    """Down within a column; else from one side to the other."""
    (x, y), (to_x, to_y) = _corner(source), _corner(target)
    if source[0] == target[0]:
        return f"M{x + _WIDE // 2} {y + _HIGH}V{to_y}"
    begin, end = (x + _WIDE, to_x) if source[0] < target[0] else (x, to_x + _WIDE)
    half = (begin + end) // 2
    return f"M{begin} {y + _HIGH // 2}C{half} {y + _HIGH // 2} {half} {to_y + _HIGH // 2} {end} {to_y + _HIGH // 2}"


def _corner(place: Point) -> Point:
    return _MARGIN + place[0] * _RIGHT, _MARGIN + place[1] * _DOWN


@cache
def _drawings() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
    return found
