"""Variables of the definitions, checked in the text for all paths at once, which runs can't do."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from statemachines.definitions import WORKFLOWS, load

if TYPE_CHECKING:
    from collections.abc import Iterator

# `$name`, but not the function `$name(`.
_READ = re.compile(r"\$([A-Za-z_]\w*)\b(?!\()")
# The parameters of functions within expressions.
_PARAMETERS = re.compile(r"function\(([^)]*)\)")
# Read only after a review, which comes after Watch and so after Verify: `$purpose` decides.
KNOWN_BY_PURPOSE = {("stage", "ReadDecision", "watch"), ("stage", "Watch", "watchUntil")}


def reads(value: Any) -> set[str]:
    """The variables that the expressions of a value read, without the parameters of functions within them."""
    expressions = re.findall(r"\{%(.*?)%\}", json.dumps(value, ensure_ascii=False))
    own = {name for text in expressions for names in _PARAMETERS.findall(text) for name in _READ.findall(names)}
    return {name for text in expressions for name in _READ.findall(text)} - own - {"states"}


def steps(state: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every transition of a state: its target, and its assignments."""
    for way in (*state.get("Choices", []), *state.get("Catch", [])):
        yield way["Next"], way.get("Assign", {})
    for key in ("Next", "Default"):
        if key in state:
            yield state[key], state.get("Assign", {})


def assigned(definition: dict[str, Any]) -> dict[str, set[str]]:
    """For each state, the variables that have a value when it is entered, on every path."""
    states = definition["States"]
    everything = {name for state in states.values() for _, assign in steps(state) for name in assign}
    sure = {name: set(everything) for name in states} | {definition["StartAt"]: set()}
    changed = True
    while changed:
        changed = False
        for name, state in states.items():
            for target, assign in steps(state):
                left = sure[target] & (sure[name] | set(assign))
                changed = changed or left != sure[target]
                sure[target] = left
    return sure


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_variable_is_assigned_before_it_is_read(workflow: str) -> None:
    """No expression reads a variable without a value, which would fail the execution."""
    definition = load(workflow)
    sure = assigned(definition)
    missing = {
        (workflow, name, variable)
        for name, state in definition["States"].items()
        for variable in reads(state) - sure[name]
    }
    assert missing - KNOWN_BY_PURPOSE == set()


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_no_assignment_depends_on_its_neighbour(workflow: str) -> None:
    """Step Functions evaluates an Assign with the values at its entry, the emulator line by line: both must agree."""
    blocks = [
        (name, assign) for name, state in load(workflow)["States"].items() for _, assign in steps(state) if assign
    ]
    leaning = set()
    for name, assign in blocks:
        before: set[str] = set()
        for variable, value in assign.items():
            leaning |= {(name, variable, other) for other in reads(value) & before}
            before.add(variable)
    assert leaning == set()


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_no_variable_hides_a_function(workflow: str) -> None:
    """A variable called `round` hides JSONata's function `$round`, and every call of it fails the execution.

    Functions are bound as variables: https://docs.jsonata.org/programming
    """
    called = set(re.findall(r"\$([A-Za-z_]\w*)\(", json.dumps(load(workflow))))
    named = {name for state in load(workflow)["States"].values() for _, assign in steps(state) for name in assign}
    assert called & named == set()
