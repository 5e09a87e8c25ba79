"""Status-change events of nested executions, which AWS sends and the emulator does not.

The emulator tells the end of an execution on the event bus, except of those that another execution started and waits
for (`startExecution.sync:2`). Such a child carries its parent's ARN in its input; its end is found here, and told.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from local.emulator import Clients

Record = dict[str, Any]
logger = logging.getLogger(__name__)
INTERVAL_SECONDS = 0.5
PARENT = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
# What nobody listens for is not looked for: a child that succeeds is seen by its parent.
ENDS = ("FAILED", "ABORTED", "TIMED_OUT")


class NestedExecutions:
    """Looks twice a second for nested executions that ended badly; `publish` gets one event for each."""

    def __init__(self, clients: Clients, publish: Callable[[Record], None], region: str, account: str) -> None:
        self._sfn = clients.client("stepfunctions")
        self._publish = publish
        self._place = {"region": region, "account": account}
        self._seen: set[str] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nested-executions", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopping.wait(INTERVAL_SECONDS):
            try:
                for execution in self._ended():
                    self._publish(self._event(execution))
            except (BotoCoreError, ClientError):
                logger.warning("could not look for nested executions; looking again", exc_info=True)

    def _ended(self) -> Iterator[Record]:
        for machine in self._sfn.list_state_machines()["stateMachines"]:
            for status in ENDS:
                listed = self._sfn.list_executions(stateMachineArn=machine["stateMachineArn"], statusFilter=status)
                for row in listed["executions"]:
                    if row["executionArn"] in self._seen:
                        continue
                    self._seen.add(row["executionArn"])
                    execution: Record = self._sfn.describe_execution(executionArn=row["executionArn"])
                    if PARENT in json.loads(execution["input"]):
                        yield execution

    def _event(self, execution: Record) -> Record:
        detail = {
            **{key: execution[key] for key in ("executionArn", "stateMachineArn", "name", "status", "input")},
            "startDate": int(execution["startDate"].timestamp() * 1000),
            "stopDate": int(execution["stopDate"].timestamp() * 1000),
            "inputDetails": {"included": True},
            "output": None,
            "outputDetails": None,
            "error": execution.get("error"),
            "cause": execution.get("cause"),
        }
        return {
            "version": "0",
            "id": str(uuid4()),
            "detail-type": "Step Functions Execution Status Change",
            "source": "aws.states",
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resources": [execution["executionArn"]],
            "detail": detail,
            **self._place,
        }
