"""Figures in documents are those that were measured or counted."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.__main__ import RESULTS
from benchmarks.measures.transitions import states_of_a_release
from statemachines.definitions import tasks
from statemachines.diagrams import HAPPY_PATHS

ROOT = Path(__file__).parents[2]
COST = (ROOT / "docs" / "cost.md").read_text("utf-8")
# Written from the figures by `make reference`, or about other figures.
_GENERATED = ("benchmarks.md", "scale.md", "cost.md")
_WAYS = ("ours", "other")
_PAGES = [ROOT / "README.md", *(one for one in sorted((ROOT / "docs").glob("*.md")) if one.name not in _GENERATED)]
_MEASURED = re.compile(r"[\d.,]*\d (?:ms|milliseconds|KiB|transitions)\b")
# The least difference of latencies that a comparison takes for one, a limit and no figure.
_LIMITS = {"rollouts.md": ["50 ms"]}


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.stem)
def test_a_document_quotes_only_figures_of_the_last_run(page: Path) -> None:
    """Times, sizes and transitions are those of benchmarks/results.json, as docs/benchmarks.md shows them."""
    findings = json.loads(RESULTS.read_text("utf-8"))["findings"]
    known = {
        f"{one[way]:,.{digits}f} {one['unit']}" for one in findings for way in ("ours", "other") for digits in (0, 1)
    }
    quoted = _MEASURED.findall(page.read_text("utf-8"))
    assert [one for one in quoted if one not in known] == _LIMITS.get(page.name, [])


@pytest.mark.parametrize(("row", "workflow"), [("each stage", "stage"), ("a rollback of one service", "rollback")])
def test_the_cost_of_a_workflow_is_that_of_its_happy_path(row: str, workflow: str) -> None:
    """docs/cost.md has as many transitions and calls of handlers as executions without a fault."""
    found = re.search(rf"\| {row}[^|]*\| (\d+) \| (\d+) \|", COST)
    path = HAPPY_PATHS[workflow]
    assert found
    assert tuple(map(int, found.groups())) == (len(path), sum(name in tasks(workflow) for name in path))


def test_the_cost_of_a_release_is_that_of_its_parts() -> None:
    """Every sum in docs/cost.md is right, and that of a release is what `make bench` counts."""
    sums = [(int(total), sum(_product(one) for one in terms.split(" + "))) for terms, total in _sums()]
    assert len(sums) >= 4
    assert [(total, is_) for total, is_ in sums if total != is_] == []
    assert sums[0][0] == states_of_a_release()


def _sums() -> list[tuple[str, str]]:
    return re.findall(r"((?:\d+ [+\u00d7] )+\d+) = \*\*(\d+)\*\*", COST)


def _product(term: str) -> int:
    one, _, other = term.partition(" \u00d7 ")
    return int(one) * int(other or 1)
