"""The cases of the matrix, read from the definitions, and the plans that make a case's fault happen."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from statemachines.definitions import WORKFLOWS, is_handler, load, module_of

HANDLER_FAULTS = ("raise-before", "raise-after", "timeout", "twice", "kill-before", "kill-after", "stop")
EVENT_FAULTS = ("lost", "doubled")
_SEND = ":events:putEvents"
_NESTED = ":states:startExecution"


@dataclass(frozen=True, slots=True)
class FaultCase:
    """One line of the matrix: a fault in a Task state."""

    workflow: str
    state: str
    fault: str

    @property
    def task(self) -> dict[str, Any]:
        """The state as defined."""
        found: dict[str, Any] = load(self.workflow)["States"][self.state]
        return found

    @property
    def announces(self) -> str:
        """The detail type that the state puts on the bus; empty for other states."""
        if _SEND not in self.task["Resource"]:
            return ""
        return str(self.task["Arguments"]["Entries"][0]["DetailType"])

    @property
    def waits(self) -> bool:
        """Whether the fault is one of the event that ends a wait."""
        return self.fault in EVENT_FAULTS and not self.announces

    @property
    def nests(self) -> bool:
        """Whether the state starts another execution."""
        return _NESTED in self.task["Resource"]

    @property
    def waits_for_nested(self) -> bool:
        """Whether it stays in the state until that execution has ended."""
        return ".sync" in self.task["Resource"]


def cases() -> Iterator[FaultCase]:
    """Every fault of every Task state of every workflow."""
    for workflow in WORKFLOWS:
        for name, state in load(workflow)["States"].items():
            if state["Type"] == "Task":
                yield from (FaultCase(workflow, name, fault) for fault in _faults(name, state))


def select(workflows: Collection[str], states: Collection[str], faults: Collection[str]) -> list[FaultCase]:
    """The cases of these workflows, states and faults; none given means all, and `kill` means every `kill-…`."""
    return [
        case
        for case in cases()
        if (not workflows or case.workflow in workflows)
        and (not states or case.state in states)
        and (not faults or any(case.fault == fault or case.fault.startswith(f"{fault}-") for fault in faults))
    ]


def _faults(name: str, state: dict[str, Any]) -> tuple[str, ...]:
    """What can happen to a state: a handler breaks, an event gets lost or comes twice, a person stops the execution."""
    if is_handler(name, state):
        return (*HANDLER_FAULTS, *(EVENT_FAULTS if ".waitForTaskToken" in state["Resource"] else ()))
    if _SEND in state["Resource"]:
        return (*EVENT_FAULTS, "stop")
    if _NESTED in state["Resource"]:
        # One that it does not wait for runs on by itself: a stop here is a stop in the next state.
        return ("stop", "stop-nested") if ".sync" in state["Resource"] else ("stop-nested",)
    raise ValueError(
        f"{name}: no fault is known for the resource {state['Resource']}; add it to tests/faults/harness/plans.py"
    )


class Plans:
    """The folder that the wrapped functions read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, case: FaultCase, deployment: str, machine: str) -> None:
        """From now on the fault waits for this deployment; a nested execution is stopped from outside instead."""
        if case.nests:
            return
        handler = "" if case.announces else module_of(case.workflow, case.state)
        plan = {
            "deployment": deployment,
            "machine": machine,
            "turn": 1,
            "handler": handler,
            "announces": case.announces,
        }
        self._put(deployment, {**plan, "state": case.state, "fault": case.fault})

    def break_handler(self, workflow: str, state: str, deployment: str) -> None:
        """From now on a handler fails for this deployment whenever it is called, in whichever state."""
        plan = {"deployment": deployment, "fault": "broken", "state": state, "handler": module_of(workflow, state)}
        self._put(f"{deployment}.{state}", plan)

    def _put(self, name: str, plan: dict[str, Any]) -> None:
        # renamed into place: a function must never read half a plan
        draft = self.folder / f"{name}.draft"
        draft.write_text(json.dumps(plan), "utf-8")
        draft.rename(self.folder / f"{name}.json")

    def struck(self, deployment: str) -> bool:
        """Whether the fault has happened."""
        return (self.folder / f"{deployment}.struck").exists()

    def strike(self, deployment: str) -> None:
        """Note a fault that was done from outside."""
        (self.folder / f"{deployment}.struck").touch()

    def remove(self, deployment: str) -> None:
        """Nothing more happens to this deployment."""
        for plan in (self.folder / f"{deployment}.json", *self.folder.glob(f"{deployment}.*.json")):
            plan.unlink(missing_ok=True)
