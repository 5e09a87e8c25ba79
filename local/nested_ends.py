"""Publishes "Step Functions Execution Status Change" for nested executions, which the emulator does not.

The emulator runs `startExecution.sync` like express workflows, which have no such events. On AWS a nested standard
execution has them like any other execution.
"""

from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.clients import Clients

Record = dict[str, Any]
logger = logging.getLogger(__name__)

# Each poll lists the executions of every workflow. It may be slow: backstops cover late events.
INTERVAL_SECONDS = 2.0
_BAD_ENDS = {"FAILED", "ABORTED", "TIMED_OUT"}
# The key that a starter sets in the input of a nested execution, so that AWS links the two.
PARENT = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"


class NestedEnds(Background):
    """Finds nested executions that failed or were stopped; calls `publish` with one event for each."""

    def __init__(self, clients: Clients, publish: Callable[[Record], None]) -> None:
        super().__init__("nested-ends")
        self._states = clients.client("stepfunctions")
        self._publish = publish
        self._known: set[str] = set()
        self._running: set[str] = set()

    def work(self) -> None:
        """Poll every two seconds."""
        while not self.stopping.wait(INTERVAL_SECONDS):
            try:
                self._look()
            except (BotoCoreError, ClientError):
                logger.debug("the emulator did not answer", exc_info=True)

    def _look(self) -> None:
        """Check the newest executions of each workflow, and older ones that ran at the last poll."""
        ran, self._running = self._running, set()
        for machine in self._states.list_state_machines()["stateMachines"]:
            rows = self._states.list_executions(stateMachineArn=machine["stateMachineArn"], maxResults=100)[
                "executions"
            ]
            self._running |= {row["executionArn"] for row in rows if row["status"] == "RUNNING"}
            for arn in [row["executionArn"] for row in rows if row["status"] in _BAD_ENDS]:
                self._end(arn)
            ran -= {row["executionArn"] for row in rows}
        for arn in ran:
            self._end(arn)

    def _end(self, arn: str) -> None:
        if arn in self._known:
            return
        execution = self._states.describe_execution(executionArn=arn)
        if execution["status"] == "RUNNING":
            self._running.add(arn)
            return
        self._known.add(arn)
        if execution["status"] in _BAD_ENDS and PARENT in json.loads(execution["input"]):
            self._publish(status_change(execution))


def status_change(execution: Record) -> Record:
    """The event for an execution from DescribeExecution (AWS: "Automating Step Functions event delivery")."""
    _, _, _, region, account, *_ = execution["executionArn"].split(":")
    keys = ("executionArn", "stateMachineArn", "name", "status", "input", "output", "error", "cause")
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [execution["executionArn"]],
        "detail": {
            **{key: execution.get(key) for key in keys},
            "startDate": int(execution["startDate"].timestamp() * 1000),
            "stopDate": int(execution["stopDate"].timestamp() * 1000),
        },
    }
