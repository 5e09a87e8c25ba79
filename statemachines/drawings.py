"""The drawings of the workflows for the console, from the definitions: where each state is, and its arrows.

`python -m statemachines.drawings` writes them into the package of the functions, which knows no definitions; with
`--check` it only says whether they are stale. The console draws them with what an execution has passed. The happy path
is the first column, with the phases of a stage beside it; other states are right of the one that leads to them. As in
`diagrams`, a long arrow and those of faults are left out: the console shows what has happened.
"""

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from statemachines import overview
from statemachines.definitions import FUNCTIONS, WORKFLOWS, State, load
from statemachines.diagrams import HAPPY_PATHS, onward

DRAWINGS = FUNCTIONS / "adapters" / "html" / "drawings.json"
# An arrow is left out when its states are more than this many rows apart.
_NEAR = 4
_COLUMNS = 4

Place = tuple[int, int]


def drawing(workflow: str) -> dict[str, Any]:
    """One drawing: `states` by name with column, row and kind (`wait`, `choice`, `end` or `task`), and `arrows`."""
    states: dict[str, State] = load(workflow)["States"]
    places = _places(workflow, states)
    return {
        "states": {name: [*place, _kind(states[name])] for name, place in places.items()},
        "arrows": sorted(_arrows(states, places)),
    }


def phases() -> dict[str, str]:
    """The phase of each state of a stage: that of the overview's step that it belongs to, or follows."""
    starts = {name.partition("/")[2]: step for step, one in overview.ENVIRONMENT.items() for name in one.states}
    found, phase = dict[str, str](), "entry"
    for name in load("stage")["States"]:
        found[name] = starts.get(name, phase)
        phase = phase if found[name] == "back" else found[name]
    return found


def _kind(state: State) -> str:
    if ".waitForTaskToken" in state.get("Resource", "") or state["Type"] == "Wait":
        return "wait"
    return {"Choice": "choice", "Succeed": "end", "Fail": "end"}.get(state["Type"], "task")


def _places(workflow: str, states: dict[str, State]) -> dict[str, Place]:
    """Column and row of each state."""
    places: dict[str, Place] = {name: (0, row) for row, name in enumerate(dict.fromkeys(HAPPY_PATHS[workflow]))}
    taken = set(places.values())
    left = [name for name in states if name not in places]
    while left:
        name = next((one for one in left if _sources(one, states, places)), left[0])
        left.remove(name)
        row = min((places[one][1] for one in _sources(name, states, places)), default=len(HAPPY_PATHS[workflow]))
        slots = ((column, at) for at in range(row, row + len(states)) for column in range(1, _COLUMNS))
        places[name] = next(slot for slot in slots if slot not in taken)
        taken.add(places[name])
    return places


def _sources(name: str, states: dict[str, State], places: dict[str, Place]) -> list[str]:
    """The states that lead to this one, also after a fault, and have a place."""
    follows = {one: {target for target, _ in onward(state)} for one, state in states.items()}
    caught = {one: {catcher["Next"] for catcher in state.get("Catch", [])} for one, state in states.items()}
    plain = [one for one in places if name in follows[one]]
    return plain or [one for one in places if name in caught[one]]


def _arrows(states: dict[str, State], places: dict[str, Place]) -> Iterator[list[str]]:
    path = set(pairwise(sorted((name for name, place in places.items() if place[0] == 0), key=lambda n: places[n][1])))
    for source, state in states.items():
        for target in {target for target, _ in onward(state)}:
            near = abs(places[source][1] - places[target][1]) <= _NEAR and source != target
            if (source, target) in path or (near and places[source][0] != places[target][0]):
                yield [source, target]


def written() -> str:
    """The file as it should be."""
    found = {"phases": phases(), **{workflow: drawing(workflow) for workflow in WORKFLOWS}}
    return json.dumps(found, separators=(",", ":")) + "\n"


def main(file: Path = DRAWINGS) -> int:
    """Write or check the file; exit code 1 when it is stale."""
    if "--check" not in sys.argv:
        file.write_text(written(), "utf-8")
    elif not file.exists() or file.read_text("utf-8") != written():
        sys.stderr.write(f"{file.name} is stale: run `make diagrams`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
