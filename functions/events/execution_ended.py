"""The event of a failed execution: announces its outcome and releases its locks, waits and builds (P9)."""

from typing import Any

from functions.domain.ends import words
from functions.domain.reconciliation import Ended
from functions.handler import Handler
from functions.procedures.ended_executions import EndedExecutions

HANDLER = Handler(allow=EndedExecutions.SETTLE, timeout_seconds=60)


def execution_ended(event: dict[str, Any], executions: EndedExecutions) -> dict[str, list[str]]:
    """Settle the end; returns what was done, in words. A repeated event changes nothing more."""
    detail = event["detail"]
    end = Ended(
        detail["executionArn"],
        detail["stateMachineArn"],
        detail["name"],
        detail["status"],
        started="",
        error=detail.get("error") or "",
    )
    return {"done": [words(effect) for effect in executions.settle(end)]}
