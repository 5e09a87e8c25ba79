"""Step Functions as strict as AWS: the limit of data, the definition of an execution, and the deletion of a machine."""

import contextvars
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions

from local.strict.around import Answer, around

POLL_SECONDS = 0.1
# In the thread of an execution: its state machine, and the definition with which it started.
_started: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("_started", default=None)
_running_machine: contextvars.ContextVar[str] = contextvars.ContextVar("_running_machine", default="")
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: of a state, a task, an execution
DATA_BYTES = 256 * 1024
LIMITED = ("StateEntered", "StateExited", "TaskSucceeded")
TOO_LARGE = "States.DataLimitExceeded"


@around(stepfunctions, "_add_event")
def limit_data(original: Callable[..., None], execution: Any, kind: str, details: Any = None) -> None:
    """An input or output above the limit ends the execution, whatever it catches.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html, States.DataLimitExceeded
    """
    original(execution, kind, details)
    for detail in (details or {}).values() if kind.endswith(LIMITED) else ():
        for text in (detail.get("input"), detail.get("output")):
            if text and len(text) > DATA_BYTES and _utf8_bytes(text) > DATA_BYTES:
                what = detail.get("name") or detail.get("resource")
                message = f"The state/task '{what}' returned a result with a size exceeding the maximum number of bytes"
                raise stepfunctions._ExecutionError(TOO_LARGE, f"{message} service limit.")


def _utf8_bytes(text: str) -> int:
    """The size in UTF-8; ministack stores other than ASCII characters as longer escapes."""
    return len(json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")).encode())


@around(stepfunctions, "_error_matches")
def catch_no_limit(original: Callable[..., bool], names: list[str], error: str) -> bool:
    """`States.ALL` does not match a terminal error."""
    return TOO_LARGE in names if error == TOO_LARGE else original(names, error)


@around(stepfunctions, "_delete_state_machine")
def wait_for_executions(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """A state machine is DELETING until its last execution has ended, and starts no new one.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    """
    arn = request.get("stateMachineArn")
    machine = stepfunctions._state_machines.get(arn)
    if machine is None or not _running(arn):
        return original(request)
    machine["status"] = "DELETING"
    scope = contextvars.copy_context()

    def follow() -> None:
        while _running(arn):
            time.sleep(POLL_SECONDS)
        original(request)

    threading.Thread(target=scope.run, args=(follow,), daemon=True).start()
    return json_response({})


@around(stepfunctions, "_start_execution")
def start_as_it_is_now(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """An execution keeps the definition with which it starts: that of the version, or the newest one.

    https://docs.aws.amazon.com/step-functions/latest/dg/execution-alias-version-associate.html
    StateMachineDeleting: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    return contextvars.copy_context().run(lambda: _fix(str(request.get("stateMachineArn"))) or original(request))


@around(stepfunctions, "_start_sync_execution")
def start_nested_as_it_is_now(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """A nested execution runs in the thread of the one that waits for it, which keeps its own definition."""
    arn = str(request.get("stateMachineArn"))
    of_machine = {**request, "stateMachineArn": stepfunctions._resolve_state_machine_arn(arn) or arn}
    return contextvars.copy_context().run(lambda: _fix(arn) or original(of_machine))


def _fix(arn: str) -> Answer:
    """Fix the definition for the execution that starts in this context; the refusal of a machine that is deleted."""
    machine = stepfunctions._state_machines.get(stepfunctions._resolve_state_machine_arn(arn)) or {}
    if machine.get("status") == "DELETING":
        return error_response_json("StateMachineDeleting", f"State Machine is being deleted: '{arn}'", 400)
    fixed = stepfunctions._state_machine_versions.get(arn) or machine
    _started.set({"definition": fixed.get("definition")})
    return None


@around(stepfunctions, "_run_execution")
def keep_the_definition(original: Callable[..., None], arn: str) -> None:
    """The thread of an execution has the context of the call that started it."""
    execution = stepfunctions._executions.get(arn)
    if execution is not None:
        execution["started"] = _started.get()
        _running_machine.set(execution["stateMachineArn"])
    original(arn)


@around(stepfunctions, "_describe_state_machine_for_execution")
def describe_as_it_started(original: Callable[..., Answer], request: dict[str, Any]) -> Answer:
    """The definition with which the execution started, not the newest one."""
    status, headers, body = original(request)
    started = (stepfunctions._executions.get(request.get("executionArn")) or {}).get("started")
    if status == 200 and started:
        body = json.dumps({**json.loads(body), "definition": started["definition"]}).encode()
    return status, headers, body


class _AsStarted(type(stepfunctions._state_machines)):  # type: ignore[misc]
    """The state machines; an execution reads its own with the definition with which it started."""

    def get(self, key: Any, default: Any = None) -> Any:
        machine, started = super().get(key, default), _started.get()
        return {**machine, **started} if machine and started and key == _running_machine.get() else machine


stepfunctions._state_machines = _AsStarted()


def _running(arn: Any) -> bool:
    executions = list(stepfunctions._executions.values())
    return any(one.get("stateMachineArn") == arn and one.get("status") == "RUNNING" for one in executions)
