"""Every event that a definition puts on the bus has the form of its class; checked without handlers and emulator."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any, get_type_hints

import pytest
from msgspec.structs import fields

from functions.domain.events import EVENTS, event_type
from functions.handler import handler_function
from statemachines.definitions import WORKFLOWS, load, tasks

PUT = "arn:aws:states:::events:putEvents"


def states(workflow: str) -> dict[str, Any]:
    """The states of a definition, by name."""
    found: dict[str, Any] = load(workflow)["States"]
    return found


def entries(workflow: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """State and entry of every event that a definition puts on the bus."""
    for name, state in states(workflow).items():
        if state.get("Resource") == PUT:
            yield from ((name, entry) for entry in state["Arguments"]["Entries"])


ENTRIES = [(workflow, state, entry) for workflow in WORKFLOWS for state, entry in entries(workflow)]


def assignments(workflow: str, variable: str) -> Iterator[tuple[str, Any]]:
    """State and value of every assignment to a variable, after a success and after an error."""
    for name, state in states(workflow).items():
        for place in (state, *state.get("Catch", []), *state.get("Choices", [])):
            if variable in place.get("Assign", {}):
                yield name, place["Assign"][variable]


def assert_has_form(detail: dict[str, Any], kind: type) -> None:
    """Assert that the detail has the required fields of the class, and no unknown ones."""
    known = {one.encode_name for one in fields(kind)}
    needed = {one.encode_name for one in fields(kind) if one.required}
    assert needed <= detail.keys() <= known, f"{kind.__name__}: {sorted(detail)}"


@pytest.mark.parametrize(("workflow", "state", "entry"), ENTRIES, ids=[f"{w}/{s}" for w, s, _ in ENTRIES])
def test_an_event_of_a_definition_has_the_form_of_its_class(workflow: str, state: str, entry: dict[str, Any]) -> None:
    """A misspelt `detail-type` or field, or a value of another type, fails."""
    kind, detail = event_type(entry["DetailType"]), entry["Detail"]
    if isinstance(detail, dict):
        assert_has_form(detail, kind)
        return
    assigned = list(assignments(workflow, detail.removeprefix("{% $").removesuffix(" %}")))
    assert assigned, f"{state} puts {detail}, which nothing assigns"
    for origin, value in assigned:
        if isinstance(value, dict):
            assert_has_form(value, kind)
        elif value is not None:  # None: the event is not put
            assert value == "{% $states.result %}"
            module = import_module(tasks(workflow)[origin])
            assert get_type_hints(handler_function(module))["return"] is kind, f"{origin} does not answer the event"


def test_every_event_has_a_publisher() -> None:
    """Each event is put by a definition, or by a handler or a command, which the second set names."""
    put = {entry["DetailType"] for _, _, entry in ENTRIES}
    handlers = {"ApprovalDecided", "GatesJudged", "StageHeld", "StagePinned", "DriftFound", "DriftEnded"}
    commands = {"EnvironmentFrozen", "EnvironmentUnfrozen", "PartsPinned", "PartsUnpinned"}
    assert put | handlers | commands == set(EVENTS)
