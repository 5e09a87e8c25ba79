"""The diagrams: the happy path comes first, folded states are not lost, and no diagram is stale."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from statemachines import diagrams, overview
from statemachines.definitions import WORKFLOWS, edges, load
from statemachines.diagrams import HAPPY_PATHS, draw, main, mermaid

_ARROW = re.compile(r'^  (\w+) (==>|-->)(?:\|"(.+?)"\|)? (?:(\w+)|to\d+\["→ (\w+)"\]:::cut)$', re.MULTILINE)
_DOTTED = re.compile(r'^  (?:(\w+)|\w+\["a fault in<br>(.+?)"\]:::fault) -\.-> (\w+)$', re.MULTILINE)


def drawn(workflow: str) -> dict[tuple[str, str], list[str]]:
    """The arrows of a diagram without those of faults, each with its labels; cut arrows lead to the state they name."""
    return {
        (source, near or far): labels.split("<br>") if labels else []
        for source, _, labels, near, far in _ARROW.findall(mermaid(workflow))
    }


def faults(workflow: str) -> list[tuple[str, str]]:
    """State and consequence of every fault in a diagram, with an arrow of its own or named in a box."""
    return [
        (name, target)
        for one, several, target in _DOTTED.findall(mermaid(workflow))
        for name in ([one] if one else re.split(r",(?:<br>| )", several))
    ]


def broken(monkeypatch: pytest.MonkeyPatch, workflow: str, state: str, **fields: Any) -> None:
    """Make both modules read this workflow with fields of one state replaced."""

    def changed(name: str) -> dict[str, Any]:
        definition = load(name)
        if name == workflow:
            definition["States"][state].update(fields)
        return definition

    monkeypatch.setattr(diagrams, "load", changed)
    monkeypatch.setattr(overview, "load", changed)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_the_happy_path_comes_first_and_in_order(workflow: str) -> None:
    """Its boxes come first, then its thick arrows, both from the start to a Succeed state."""
    lines = mermaid(workflow).splitlines()[1:]
    path = HAPPY_PATHS[workflow]
    states = list(dict.fromkeys(path))
    arrows = list(dict.fromkeys(pairwise(path)))
    assert [re.match(r"  (\w+)", line)[1] for line in lines[: len(states)]] == states  # type: ignore[index]
    assert lines[len(states) :][: len(arrows)] == [f"  {source} ==> {target}" for source, target in arrows]
    assert path[0] == load(workflow)["StartAt"]
    assert load(workflow)["States"][path[-1]]["Type"] == "Succeed"


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_state_is_in_its_diagram(workflow: str) -> None:
    """Every state is a box, or a Pass state named on an arrow; no other names occur."""
    boxes = set(re.findall(r'^  (\w+)(?:\[|\{|\()[\[{(/]?"', mermaid(workflow), re.MULTILINE))
    boxes = {name for name in boxes if not name.startswith("faultsTo")}
    states = load(workflow)["States"]
    labels = {label for labels in drawn(workflow).values() for label in labels}
    folded = set(states) - boxes
    assert boxes <= set(states)
    assert folded <= labels
    assert {states[name]["Type"] for name in folded} <= {"Pass"}


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_transition_is_drawn_and_no_other(workflow: str) -> None:
    """Every arrow is a transition of the definition, through the Pass states on its label."""
    states = load(workflow)["States"]
    found = set()
    for (source, target), labels in drawn(workflow).items():
        passed = [label for label in labels if label in states]
        found |= {(source, name) for name in passed} | {(name, target) for name in passed}
        if target in edges({**states[source], "Catch": []}):
            found.add((source, target))
        else:
            assert passed, f"{source} does not lead to {target}"
    real = {(name, target) for name, state in states.items() for target in edges({**state, "Catch": []})}
    assert found == real


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_faults_are_folded_and_none_is_lost(workflow: str) -> None:
    """Every Catch that leaves the normal path is drawn once, with at most two dotted arrows to a state."""
    states = load(workflow)["States"]
    real = {
        (name, catcher["Next"])
        for name, state in states.items()
        for catcher in state.get("Catch", [])
        if catcher["Next"] != state.get("Next")
    }
    assert sorted(faults(workflow)) == sorted(real)
    assert max(Counter(target for *_, target in _DOTTED.findall(mermaid(workflow))).values(), default=0) <= 2


def test_outcomes_and_waits_are_labelled() -> None:
    """A Choice's outcome is the label of its arrow, and a state that waits shows it."""
    assert drawn("deployment")["AnythingToDo", "Conclude"] == ["superseded", "RefusePlan"]
    assert 'AwaitBuild["AwaitBuild ⏳"]' in mermaid("deployment")


def test_an_outdated_happy_path_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A thick arrow that the definition lacks fails the command, which names both states."""
    broken(monkeypatch, "work_item", "CheckItem", Next="Conclude")
    monkeypatch.setattr("sys.argv", ["diagrams", "--check"])
    assert main() == 1
    assert capsys.readouterr().err.startswith("work_item: no arrow CheckItem → IsEligible in the definition")


def test_the_overview_shows_its_steps_and_arrows() -> None:
    """Every step is a box; arrows between groups join the groups."""
    picture = overview.mermaid()
    assert all(f"{name}{''.join(step.shape[0])}" in picture for name, step in overview.STEPS.items())
    assert "  release ==> environment\n" in picture
    assert "  watch -.-> back\n" in picture
    assert picture.index("push ==> plan") < picture.index("watch ==> record") < picture.index("-.->")


def test_the_overview_names_a_state_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step whose state was renamed is an error with the missing name."""
    monkeypatch.setitem(overview.STEPS, "lock", overview.Step("lock", ("stage/TakeLock",)))
    with pytest.raises(ValueError, match="overview: no state stage/TakeLock: correct statemachines/overview"):
        overview.mermaid()


@pytest.mark.parametrize(
    ("workflow", "state", "fields", "arrow"),
    [
        ("deployment", "GatesPassed", {"Choices": []}, "gates to entry"),
        ("deployment", "RunStage", {"Arguments": {}}, "gates to entry"),
        ("stage", "WatchOn", {"Choices": [], "Default": "RollBack"}, "record to verified"),
        ("deployment", "HowItEnded", {"Default": "Ended"}, "gates to failed"),
        ("stage", "Ended", {"Type": "Fail"}, "record to verified"),
    ],
)
def test_the_overview_names_an_arrow_that_is_gone(
    monkeypatch: pytest.MonkeyPatch, workflow: str, state: str, fields: dict[str, Any], arrow: str
) -> None:
    """A transition that was removed, within a workflow or between two, is an error with both steps."""
    broken(monkeypatch, workflow, state, **fields)
    with pytest.raises(ValueError, match=f"overview: no path from {arrow} in the definitions"):
        overview.mermaid()


def test_the_overview_sees_a_watch_that_does_not_roll_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dotted arrow is there only while an outcome or a fault of the watch leads to the rollback."""
    definition = load("stage")
    definition["States"]["WhatWasSeen"]["Default"] = "ReleaseLock"
    definition["States"]["Watch"]["Catch"][0]["Next"] = "ReleaseLock"
    monkeypatch.setattr(overview, "load", lambda name: definition if name == "stage" else load(name))
    with pytest.raises(ValueError, match="overview: no path from watch to back"):
        overview.mermaid()


def pages(tmp_path: Path) -> tuple[Path, Path]:
    """The two pages with markers, without diagrams."""
    architecture, readme = tmp_path / "architecture.md", tmp_path / "README.md"
    marks = {name: f"<!-- {name}: drawn by make diagrams -->\n<!-- end -->\n" for name in (*WORKFLOWS, "overview")}
    architecture.write_text("# A\n" + "text\n".join(marks[name] for name in WORKFLOWS), "utf-8")
    readme.write_text(f"# R\n{marks['overview']}after\n", "utf-8")
    return architecture, readme


def test_diagrams_are_drawn_between_their_markers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text around them stays, and drawing again changes nothing."""
    architecture, readme = pages(tmp_path)
    monkeypatch.setattr("sys.argv", ["diagrams"])
    assert main(architecture, readme) == 0
    first = architecture.read_text("utf-8"), readme.read_text("utf-8")
    assert first[1] == (
        f"# R\n<!-- overview: drawn by make diagrams -->\n```mermaid\n{overview.mermaid()}\n```\n<!-- end -->\nafter\n"
    )
    assert all(mermaid(workflow) in first[0] for workflow in WORKFLOWS)
    assert main(architecture, readme) == 0
    assert (architecture.read_text("utf-8"), readme.read_text("utf-8")) == first


def test_stale_diagrams_are_named_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` names each stale page with the command that draws it, and changes nothing."""
    architecture, readme = pages(tmp_path)
    before = readme.read_text("utf-8")
    monkeypatch.setattr("sys.argv", ["diagrams", "--check"])
    assert main(architecture, readme) == 1
    assert capsys.readouterr().err.splitlines() == [
        "architecture.md: diagrams are stale: run `make diagrams`",
        "README.md: diagrams are stale: run `make diagrams`",
    ]
    assert readme.read_text("utf-8") == before


def test_a_page_without_markers_is_an_error() -> None:
    """A missing pair of markers is named with the page."""
    with pytest.raises(ValueError, match=r"a\.md has no markers for the diagram stage: add its two markers"):
        draw("# nothing here\n", "a.md", {"stage": "flowchart TD"})


def test_the_committed_diagrams_are_not_stale(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """README and architecture show the current definitions."""
    monkeypatch.setattr("sys.argv", ["diagrams", "--check"])
    assert main() == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("page", [diagrams.ARCHITECTURE, diagrams.README], ids=lambda page: page.name)
def test_no_diagram_has_a_semicolon(page: Path) -> None:
    """Mermaid would end a statement there and show an error (mermaid.js.org/syntax/sequenceDiagram.html)."""
    pictures = re.findall(r"```mermaid\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert pictures
    assert [line for picture in pictures for line in picture.splitlines() if ";" in line] == []
