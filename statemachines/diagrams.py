"""Diagrams of the workflows, drawn from the definitions: one per workflow in `docs/architecture.md`, one in the README.

`python -m statemachines.diagrams` draws them between their markers; with `--check` it only names those that are stale.
A diagram draws the workflow's happy path first, as thick arrows. It is simplified, because the path tests cover the
details: a Pass state that only assigns is the label of an arrow, a long arrow is cut, and faults with the same
consequence are one box.
"""

import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from statemachines import overview
from statemachines.definitions import FOLDER, WORKFLOWS, State, load

ARCHITECTURE = FOLDER.parent / "docs" / "architecture.md"
README = FOLDER.parent / "README.md"
# The states of a release or an item without faults; tests/statemachines/paths runs them.
HAPPY_PATHS: dict[str, tuple[str, ...]] = {
    "deployment": (
        *("Begin", "FetchSource", "PlanRelease", "AnythingToDo", "AnnounceStart", "AnythingToBuild"),
        *("StartBuild", "AwaitBuild"),
        *("CheckGates", "GatesPassed", "NextStage", "ReachEnvironment", "EnvironmentReached", "RunStage", "StageEnded"),
        *("NextStage", "AllPassed", "Conclude", "AnnounceEnd", "HowItEnded", "Ended"),
    ),
    "stage": (
        *(
            "Open",
            "ReadRecord",
            "CheckEvidence",
            "EvidenceComplete",
            "CheckWindow",
            "WindowOpen",
            "ReadBaseline",
            "ApprovalNeeded",
            "AcquireLock",
            "LockTaken",
        ),
        *("ReadBaseline", "ApprovalNeeded", "EndEnhancedWatch", "NextPart", "WriteLedger", "WayOfPart", "ApplyService"),
        *(
            "RolloutState",
            "RecordPart",
            "NextPart",
            "Verify",
            "Verified",
            "TestsWanted",
            "Watch",
            "WhatWasSeen",
            "RecordGood",
        ),
        *("WatchOn", "ReleaseLock", "Conclude", "Announce", "Ended"),
    ),
    "rollback": (
        *("Open", "ReadRecord", "AnnounceStart", "LeaseGiven", "AcquireLock", "LockTaken", "PlanRollback", "NextStep"),
        *("RestoreService", "RolloutState", "NextStep", "Stabilise", "VerifyRestored", "Verified", "AwaitAlarms"),
        *("RecordRollback", "ReleaseLock", "AnnounceEnd", "Ended"),
    ),
    "enhanced_watch": ("Open", "ReadRecord", "Watch", "WhatWasSeen", "Ended"),
    "work_item": (
        *("Open", "CheckItem", "IsEligible", "AcquireLock", "LockTaken", "MarkInProgress", "StartBuild", "AwaitBuild"),
        *("ReadResults", "UpdatePullRequest", "Conclude", "ReleaseLock", "Concluded", "Announce", "Ended"),
    ),
}
# An arrow is cut when its states are more than this many states apart in the definition.
_NEAR = 6
# So many near sources of a fault have an arrow each; all others are one box.
_FEW_FAULTS = 2
_NAMES_PER_LINE = 2
_SHAPES = {
    "Choice": ("{{", "}}"),
    "Succeed": ("([", "])"),
    "Fail": ("([", "])"),
    "Wait": ("[/", "/]"),
    "Pass": ("(", ")"),
}
_OUTCOME = re.compile(r" = '(\w+)'")

Arrow = tuple[str, str]


def mermaid(workflow: str) -> str:
    """A definition as a Mermaid flowchart; ValueError when the definition lacks an arrow of the happy path."""
    states: dict[str, State] = load(workflow)["States"]
    path = HAPPY_PATHS[workflow]
    spine = dict.fromkeys(pairwise(path))
    for source, target in spine:
        if target not in dict(onward(states.get(source, {}))):
            raise ValueError(f"{workflow}: no arrow {source} → {target} in the definition: correct HAPPY_PATHS")
    folded = {name for name, state in states.items() if state["Type"] == "Pass" and name not in path}
    arrows = {arrow: labels for arrow, labels in _arrows(states, folded).items() if arrow not in spine}
    off_path = [name for name in states if name not in path and name not in folded]
    lines = [
        "flowchart TD",
        *(_box(name, states[name]) for name in dict.fromkeys(path)),
        *(f"{source} ==> {target}" for source, target in spine),
        *(_box(name, states[name]) for name in off_path),
        *_drawn(arrows, list(states)),
        *_faults(states),
        "classDef cut fill:none,stroke:none",
        "classDef fault stroke-dasharray:4",
    ]
    return "\n  ".join(lines)


def onward(state: State) -> Iterator[Arrow]:
    """The states that may follow without a fault, each with the outcome that a Choice compares with, or ""."""
    for choice in state.get("Choices", []):
        outcomes = _OUTCOME.findall(choice["Condition"])
        yield choice["Next"], outcomes[0] if len(outcomes) == 1 else ""
    for key in ("Default", "Next"):
        if key in state:
            yield state[key], ""


def _box(name: str, state: State) -> str:
    opening, closing = _SHAPES.get(state["Type"], ("[", "]"))
    waits = " ⏳" if ".waitForTaskToken" in state.get("Resource", "") else ""
    return f'{name}{opening}"{name}{waits}"{closing}'


def _arrows(states: dict[str, State], folded: set[str]) -> dict[Arrow, list[str]]:
    """The arrows between drawn states, each with its labels: outcomes, and Pass states that it passes."""
    found: dict[Arrow, list[str]] = {}
    for source, state in states.items():
        for target, outcome in onward(state) if source not in folded else ():
            labels = found.setdefault((source, states[target]["Next"] if target in folded else target), [])
            labels.extend(label for label in (outcome, target if target in folded else "") if label)
    return found


def _drawn(arrows: dict[Arrow, list[str]], order: list[str]) -> Iterator[str]:
    for number, ((source, target), labels) in enumerate(arrows.items()):
        text = f'|"{"<br>".join(labels)}"|' if labels else ""
        cut = f'to{number}["→ {target}"]:::cut'
        yield f"{source} -->{text} {target if _near(order, source, target) else cut}"


def _near(order: list[str], source: str, target: str) -> bool:
    return abs(order.index(source) - order.index(target)) <= _NEAR


def _faults(states: dict[str, State]) -> Iterator[str]:
    """Dotted arrows for faults, except those after which the workflow goes on as without a fault."""
    sources: dict[str, list[str]] = {}
    for name, state in states.items():
        for target in dict.fromkeys(catcher["Next"] for catcher in state.get("Catch", [])):
            if target != state.get("Next"):
                sources.setdefault(target, []).append(name)
    for target, names in sources.items():
        if len(names) <= _FEW_FAULTS and all(_near(list(states), name, target) for name in names):
            yield from (f"{name} -.-> {target}" for name in names)
        else:
            rows = [", ".join(names[at : at + _NAMES_PER_LINE]) for at in range(0, len(names), _NAMES_PER_LINE)]
            yield f'faultsTo{target}["a fault in<br>{",<br>".join(rows)}"]:::fault -.-> {target}'


def draw(page: str, name: str, pictures: dict[str, str]) -> str:
    """A page with the current diagrams between their markers; ValueError when a marker is missing."""
    for picture, drawn in pictures.items():
        block = f"<!-- {picture}: drawn by make diagrams -->\n```mermaid\n{drawn}\n```\n<!-- end -->"
        pattern = rf"<!-- {picture}: drawn by make diagrams -->.*?<!-- end -->"
        page, found = re.subn(pattern, lambda _, block=block: block, page, flags=re.DOTALL)  # type: ignore[misc]
        if not found:
            raise ValueError(f"{name} has no markers for the diagram {picture}: add its two markers")
    return page


def main(architecture: Path = ARCHITECTURE, readme: Path = README) -> int:
    """Draw or check; exit code 1 when a diagram is stale or does not agree with the definitions."""
    problems: list[str] = []
    try:
        pages = {
            architecture: {workflow: mermaid(workflow) for workflow in WORKFLOWS},
            readme: {"overview": overview.mermaid()},
        }
        for page, pictures in pages.items():
            before = page.read_text("utf-8")
            after = draw(before, page.name, pictures)
            if "--check" not in sys.argv:
                page.write_text(after, "utf-8")
            elif after != before:
                problems.append(f"{page.name}: diagrams are stale: run `make diagrams`")
    except ValueError as error:
        problems.append(str(error))
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
