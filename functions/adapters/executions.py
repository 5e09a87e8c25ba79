"""Step Functions executions: starting, stopping and reading them."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from functions.adapters.clock import iso
from functions.domain.reconciliation import Ended
from functions.handler import Allow, encode

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

    from functions.runtime import Clients


class Executions:
    """The executions of this stack's workflows."""

    SETTINGS: ClassVar[tuple[str, ...]] = ()
    READ: ClassVar[tuple[Allow, ...]] = (
        Allow(("states:DescribeExecution",), on="executions", why="an execution's ARN ends in its name"),
    )
    LIST: ClassVar[tuple[Allow, ...]] = (Allow(("states:ListExecutions",), on="workflows"),)

    HISTORY: ClassVar[tuple[Allow, ...]] = (
        Allow(("states:GetExecutionHistory",), on="executions", why="an execution's ARN ends in its name"),
    )

    STOP: ClassVar[tuple[Allow, ...]] = (
        Allow(("states:StopExecution",), on="executions", why="an execution's ARN ends in its name"),
    )

    def __init__(self, client: "SFNClient") -> None:
        self._client = client
        self._ended: set[str] = set()

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Step Functions in this account and region."""
        return cls(aws.client("stepfunctions"))

    def is_running(self, execution: str) -> bool:
        """Whether an execution (an ARN) is running; False for an unknown one. An end is final and is cached."""
        if not execution or execution in self._ended:  # a stage that a person started has no parent execution
            return False
        try:
            status = self._client.describe_execution(executionArn=execution)["status"]
        except self._client.exceptions.ExecutionDoesNotExist:
            return False
        if status != "RUNNING":
            self._ended.add(execution)
        return status == "RUNNING"

    def has_ended(self, execution: str) -> bool:
        """Whether an execution is known to have ended; False for an unknown one, which may just have been started."""
        found = self.describe(execution)
        return found is not None and found.status != "RUNNING"

    def stop(self, execution: str, cause: str) -> None:
        """Stop an execution; one that has ended or does not exist is no error."""
        try:
            self._client.stop_execution(executionArn=execution, error="Stopped", cause=cause)
        except self._client.exceptions.ExecutionDoesNotExist:
            return

    def describe(self, execution: str) -> Ended | None:
        """The status of an execution; None if Step Functions does not know it, or no longer."""
        try:
            found = self._client.describe_execution(executionArn=execution)
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
        return _ended(found)

    def named(self, workflow: str, name: str) -> Ended | None:
        """The execution of a workflow with this name; None if there is none."""
        return self.describe(execution_arn(workflow, name))

    def newest(
        self, workflow: str, status: Literal["RUNNING", "FAILED", "ABORTED", "TIMED_OUT"] | None = None
    ) -> Iterator[Ended]:
        """The executions of a workflow with this status, or all, newest first; pages are read as needed."""
        wanted = {"statusFilter": status} if status else {}
        pages = self._client.get_paginator("list_executions").paginate(stateMachineArn=workflow, **wanted)  # type: ignore[arg-type]
        return (_ended(one) for page in pages for one in page["executions"])

    def state(self, execution: str) -> str:
        """The state an execution is in, or was in last; empty when it entered none."""
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=execution, reverseOrder=True, PaginationConfig={"PageSize": 50}
        )
        events = (event for page in pages for event in page["events"])
        return next((event["stateEnteredEventDetails"]["name"] for event in events if _enters(event)), "")

    def events(self, execution: str) -> Iterator[str]:
        """The type of each event of an execution, the first one first."""
        pages = self._client.get_paginator("get_execution_history").paginate(executionArn=execution)
        return (event["type"] for page in pages for event in page["events"])

    def input(self, execution: str) -> dict[str, Any]:
        """The input of an execution."""
        given: dict[str, Any] = json.loads(self._client.describe_execution(executionArn=execution)["input"])
        return given

    def start(self, workflow: str, name: str, payload: Any) -> tuple[str, bool]:
        """Start an execution; returns its ARN, and False if an execution of this name has ended already.

        A repetition with the same input while the execution runs starts nothing and returns True, like the first call.
        """
        try:
            answer = self._client.start_execution(
                stateMachineArn=workflow, name=name, input=json.dumps(encode(payload), sort_keys=True)
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            return execution_arn(workflow, name), False
        return answer["executionArn"], True


def execution_arn(workflow: str, name: str) -> str:
    """The ARN that an execution of this name has."""
    return f"{workflow.replace(':stateMachine:', ':execution:')}:{name}"


def _enters(event: Any) -> bool:
    return "stateEnteredEventDetails" in event


def _ended(found: Any) -> Ended:
    stopped: datetime | None = found.get("stopDate")
    return Ended(
        found["executionArn"],
        found["stateMachineArn"],
        found["name"],
        found["status"],
        iso(found["startDate"]),
        iso(stopped) if stopped else "",
        found.get("error", ""),
        found.get("cause", ""),
    )
