"""The fault cases, read from the definitions, and the plans by which functions inject the faults."""

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
    """One fault in one Task state of one workflow."""

    workflow: str
    state: str
    fault: str

    @property
    def task(self) -> dict[str, Any]:
        """The state's definition."""
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
        """Whether the fault is in the event that ends a wait."""
        return self.fault in EVENT_FAULTS and not self.announces

    @property
    def nests(self) -> bool:
        """Whether the state starts another execution."""
        return _NESTED in self.task["Resource"]

    @property
    def waits_for_nested(self) -> bool:
        """Whether the state waits for the end of that execution."""
        return ".sync" in self.task["Resource"]


def cases() -> Iterator[FaultCase]:
    """Every fault of every Task state of every workflow."""
    for workflow in WORKFLOWS:
        for name, state in load(workflow)["States"].items():
            if state["Type"] == "Task":
                yield from (FaultCase(workflow, name, fault) for fault in _faults(name, state))


def select(workflows: Collection[str], states: Collection[str], faults: Collection[str]) -> list[FaultCase]:
    """The cases of these workflows, states and faults; an empty collection means all, `kill` means every `kill-…`."""
    return [
        case
        for case in cases()
        if (not workflows or case.workflow in workflows)
        and (not states or case.state in states)
        and (not faults or any(case.fault == fault or case.fault.startswith(f"{fault}-") for fault in faults))
    ]


def _faults(name: str, state: dict[str, Any]) -> tuple[str, ...]:
    """The faults of a state: a handler fails, an event is lost or doubled, an execution is stopped."""
    if is_handler(name, state):
        return (*HANDLER_FAULTS, *(EVENT_FAULTS if ".waitForTaskToken" in state["Resource"] else ()))
    if _SEND in state["Resource"]:
        return (*EVENT_FAULTS, "stop")
    if _NESTED in state["Resource"]:
        # The state does not wait for other nested executions, so a stop of its own execution hits the next state.
        return ("stop", "stop-nested") if ".sync" in state["Resource"] else ("stop-nested",)
    raise ValueError(
        f"{name}: no faults are defined for the resource {state['Resource']}; add them to tests/faults/harness/plans.py"
    )


class Plans:
    """The plans, as files in a folder that the wrapped functions read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, case: FaultCase, deployment: str, machine: str) -> None:
        """Plan the fault for this deployment; nested executions are stopped by the harness instead."""
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
        """Let every call of a handler for this deployment fail, in all states."""
        plan = {"deployment": deployment, "fault": "broken", "state": state, "handler": module_of(workflow, state)}
        self._put(f"{deployment}.{state}", plan)

    def _put(self, name: str, plan: dict[str, Any]) -> None:
        # renamed into place, so that a function never reads half a plan
        draft = self.folder / f"{name}.draft"
        draft.write_text(json.dumps(plan), "utf-8")
        draft.rename(self.folder / f"{name}.json")

    def was_injected(self, deployment: str) -> bool:
        """Whether the fault has happened."""
        return (self.folder / f"{deployment}.injected").exists()

    def note_injected(self, deployment: str) -> None:
        """Record that the harness itself has caused the fault."""
        (self.folder / f"{deployment}.injected").touch()

    def remove(self, deployment: str) -> None:
        """Remove the plans of this deployment."""
        for plan in (self.folder / f"{deployment}.json", *self.folder.glob(f"{deployment}.*.json")):
            plan.unlink(missing_ok=True)
