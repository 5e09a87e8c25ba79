"""Reads executions while they run: current state, status, and number of transitions."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.clients import Clients


@dataclass(slots=True)
class Progress:
    """One execution of a workflow, read from its history."""

    workflow: str
    name: str
    arn: str
    status: str
    started: float
    ended: float | None
    states: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The state that the execution is in, or was in last."""
        return self.states[-1] if self.states else ""


class Executions:
    """The executions of one stack's workflows."""

    def __init__(self, clients: Clients, outputs: dict[str, Any]) -> None:
        self._sfn = clients.client("stepfunctions")
        self._work_items: str = outputs["workItemWorkflow"]
        names = ("deployment", "stage", "rollback")
        self._machines: dict[str, str] = {name: outputs[f"{name}Workflow"] for name in names}
        self._ended: dict[str, Progress] = {}

    def of_deployment(self, name: str) -> list[Progress]:
        """The executions of a deployment, its stages and its rollbacks, oldest first."""
        found = [
            self._read(workflow, row)
            for workflow, machine in self._machines.items()
            for row in self._sfn.list_executions(stateMachineArn=machine)["executions"]
            if row["name"] == name or row["name"].startswith(f"{name}-")
        ]
        return sorted(found, key=lambda execution: execution.started)

    def of_work_items(self, number: int | None = None) -> list[Progress]:
        """The attempts at all board items, or at the item of one issue, oldest first."""
        rows = self._sfn.list_executions(stateMachineArn=self._work_items)["executions"]
        found = [row for row in rows if number is None or row["name"].startswith(f"{number}-")]
        return sorted((self._read("work_item", row) for row in found), key=lambda execution: execution.started)

    def await_end(self, name: str, seconds: float, poll: Callable[[], object]) -> list[Progress]:
        """Call `poll` twice a second until the deployment has ended.

        A deployment that enters no state for `seconds` is a TimeoutError, which names the states that it is in.
        """
        before: list[tuple[str, int]] = []
        while True:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                poll()
                if self._has_ended(name):
                    return self.of_deployment(name)
                time.sleep(0.5)
            found = self.of_deployment(name)
            entered = [(execution.name, len(execution.states)) for execution in found]
            if entered == before:
                stood = ", ".join(f"{one.name} in {one.state}" for one in found) or "it has no execution"
                raise TimeoutError(f"{name} entered no state for {seconds:.0f} s: {stood}")
            before = entered

    def _has_ended(self, name: str) -> bool:
        """One request, however many executions the deployment has."""
        rows = self._sfn.list_executions(stateMachineArn=self._machines["deployment"])["executions"]
        mine = (row for row in rows if row["name"] == name or row["name"].startswith(f"{name}-"))
        return any(row["status"] != "RUNNING" for row in mine)

    def _read(self, workflow: str, row: dict[str, Any]) -> Progress:
        """The progress of one execution; the history of an ended execution is read only once."""
        known = self._ended.get(row["executionArn"])
        if known:
            return known
        events = self._sfn.get_execution_history(
            executionArn=row["executionArn"], maxResults=1000, includeExecutionData=False
        )["events"]
        states = [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e]
        ended = row.get("stopDate")
        progress = Progress(
            workflow,
            row["name"],
            row["executionArn"],
            row["status"],
            row["startDate"].timestamp(),
            ended.timestamp() if ended else None,
            states,
        )
        if ended:
            self._ended[progress.arn] = progress
        return progress
