"""Lines of scripts for scripted handlers; an execution while it runs, and after its end."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from inspect import signature
from itertools import chain, repeat, takewhile
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from functions.handler import decode, handler_function
from statemachines.definitions import tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.clients import Clients

Workflow = Literal["deployment", "stage", "rollback", "enhanced_watch", "work_item"]
Line = dict[str, Any]
Script = Mapping[str, Line | list[Line]]

SILENCE: Line = {"do": "silence"}
CRASH: Line = {"do": "crash"}
AS_USUAL: Line = {"do": "as usual"}
PATIENCE_SECONDS = 60.0


def answer(value: Any) -> Line:
    """The line with which a handler returns this value, or completes its token with it."""
    return {"do": "answer", "value": value}


def raises(error: str, cause: str = "as the script says") -> Line:
    """The line with which a handler fails with an exception of this class name."""
    return {"do": "raise", "error": error, "cause": cause}


@dataclass(frozen=True)
class Call:
    """One call of a handler; `at` is in seconds since 1970."""

    role: str
    payload: dict[str, Any]
    at: float

    def of(self, role: str) -> bool:
        """Whether this is a call of `State`, `workflow/State` or `workflow/State@environment`."""
        anywhere = self.role.partition("@")[0]
        return role in (self.role, anywhere, anywhere.partition("/")[2])


@dataclass(frozen=True)
class EndedExecution:
    """An execution that has ended; `children` are nested executions by their name without the deployment's id."""

    name: str
    states: list[str]
    status: str
    output: Any
    error: str
    events: list[dict[str, Any]]
    calls: list[Call] = field(default_factory=list)
    children: dict[str, EndedExecution] = field(default_factory=dict)

    def payload_of(self, state: str, *, times: int | None = None) -> Any:
        """The payload of the last call of a handler; with `times`, asserts the number of its calls."""
        found = [call.payload for call in self.calls if call.of(state)]
        assert times is None or len(found) == times, f"{state} was called {len(found)} times"
        return found[-1]


class RunningExecution:
    """An execution that runs."""

    def __init__(
        self, aws: Clients, machines: Mapping[str, str], started: Mapping[str, Any], deployment: str, calls: Path
    ) -> None:
        self._sfn = aws.client("stepfunctions")
        self._machines = machines
        self._arn = started["executionArn"]
        self._start = started["startDate"]
        self._deployment = deployment
        self._calls = calls

    def called(self, role: str) -> Call:
        """Wait for the first call of a handler and return it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = [call for call in self._read_calls() if call.of(role)]
            if found:
                return found[0]
            time.sleep(0.02)
        raise AssertionError(f"{role} was not called; calls: {[c.role for c in self._read_calls()]}")

    def complete(self, role: str, value: Any) -> None:
        """Complete the token of a silent handler, as an event does."""
        call = self.called(role)
        self._sfn.send_task_success(taskToken=call.payload["taskToken"], output=json.dumps(value))

    def stop(self, role: str) -> None:
        """Stop the execution that waits for a silent handler, as a person does in the console."""
        self._sfn.stop_execution(executionArn=self.called(role).payload["execution"], cause="stopped by a person")

    def end(self, *, typed: bool = True) -> EndedExecution:
        """Wait until this execution and all that it started have ended.

        With `typed`, asserts that every payload decodes to the typed input of its handler.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        pauses = chain((0.05, 0.1, 0.15, 0.2), repeat(0.25))
        # First this execution, then its children: listing the children is expensive.
        for running in (self._running, self._running_children):
            while left := running():
                assert time.monotonic() < deadline, f"{left[0]} still runs: {self._ended(left[0]).states}"
                time.sleep(next(pauses))
        calls = self._read_calls()
        for call in calls if typed else ():
            decode(_input_of(call.role), call.payload)
        children = {
            item["name"].removeprefix(self._deployment).strip("-"): self._ended(item["executionArn"])
            for item in self._children()
        }
        return self._ended(self._arn, calls, children)

    def _running(self) -> list[str]:
        described = self._sfn.describe_execution(executionArn=self._arn)
        return [self._arn] if described["status"] == "RUNNING" else []

    def _running_children(self) -> list[str]:
        return [item["executionArn"] for item in self._children() if item["status"] == "RUNNING"]

    def _children(self) -> Iterator[dict[str, Any]]:
        for workflow in ("stage", "rollback", "enhanced_watch"):
            for item in self._since_start(workflow):
                if item["name"].startswith(self._deployment) and item["executionArn"] != self._arn:
                    yield item

    def _since_start(self, workflow: Workflow) -> Iterator[dict[str, Any]]:
        """A workflow's executions since the start of this one: the emulator lists the newest first."""
        pages = self._sfn.get_paginator("list_executions").paginate(
            stateMachineArn=self._machines[workflow], PaginationConfig={"PageSize": 20}
        )
        items: Iterator[dict[str, Any]] = (item for page in pages for item in page["executions"])
        return takewhile(lambda item: item.get("stopDate", item["startDate"]) >= self._start, items)

    def _ended(
        self, arn: str, calls: list[Call] | None = None, children: dict[str, EndedExecution] | None = None
    ) -> EndedExecution:
        described = self._sfn.describe_execution(executionArn=arn)
        pages = self._sfn.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = [event for page in pages for event in page["events"]]
        states = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
        output = json.loads(described["output"]) if described["status"] == "SUCCEEDED" else None
        return EndedExecution(
            described["name"],
            states,
            described["status"],
            output,
            described.get("error", ""),
            events,
            calls or [],
            children or {},
        )

    def _read_calls(self) -> list[Call]:
        if not self._calls.exists():
            return []
        lines = self._calls.read_text("utf-8").splitlines(keepends=True)
        return [Call(**json.loads(line)) for line in lines if line.endswith("\n")]


def _input_of(role: str) -> type:
    workflow, _, state = role.partition("@")[0].partition("/")
    function = handler_function(import_module(tasks(workflow)[state]))
    kind: type = get_type_hints(function)[next(iter(signature(function).parameters))]
    return kind
