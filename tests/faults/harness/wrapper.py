"""Wraps every handler on a platform that was started with fault plans; it is `faulty.py` in the functions' zip.

A plan is `<folder>/<deployment>.json`: a fault of the n-th call of a handler in one state of one workflow. The state is
read from Step Functions, because workflows share handlers. `<deployment>.injected` exists once the fault has happened.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

PLANS = Path(os.environ.get("FAULT_PLANS", "."))
HANDLER = os.environ.get("HANDLER", "")
_module, _, _name = os.environ.get("_HANDLER", "builtins.print").rpartition(".")
_handler = getattr(import_module(_module.replace("/", ".")), _name)
# not empty if this call completed a token that a plan wants completed twice
_completed_twice: list[bool] = []


class InjectedFaultError(Exception):
    """A planned fault, whose class no Retry names."""


def handle(event: Any, context: Any) -> Any:
    """Call the real handler, with the faults that are planned for this call."""
    plans = list(_plans())
    if any(plan["fault"] in ("lost", "doubled") for plan in plans):
        _patch_completions()
    for plan in plans:
        if plan["fault"] == "broken":
            if _concerns(plan, event):
                raise InjectedFaultError(f"{plan['state']}: broken by a fault plan")
        elif plan.get("announces"):
            if _announced(plan, event):
                return _announce(plan, event, context)
        elif _applies(plan, event):
            return _inject(plan, event, context)
    _completed_twice.clear()
    answer = _handler(event, context)
    return _handler(event, context) if _completed_twice else answer


def _plans() -> Iterator[dict[str, Any]]:
    """The plans of all cases; an ended case may remove its plan at any moment."""
    for file in PLANS.glob("*.json"):
        with suppress(FileNotFoundError):
            yield json.loads(file.read_text("utf-8"))


def _concerns(plan: dict[str, Any], event: Any) -> bool:
    """Whether this is the plan's handler, called for the plan's deployment."""
    return plan["handler"] == HANDLER and isinstance(event, dict) and _deployment_of(event) == plan["deployment"]


def _deployment_of(event: dict[str, Any]) -> Any:
    """The id of an event's deployment, or of its attempt at a card."""
    return event.get("deploymentId") or event.get("workId")


def _applies(plan: dict[str, Any], event: Any) -> bool:
    """Whether the plan's fault applies to this call; reads Step Functions only if the handler matches."""
    if not _concerns(plan, event):
        return False
    plan["execution"] = _execution_in(plan)
    return bool(plan["execution"]) and _take_turn(plan)


def _inject(plan: dict[str, Any], event: Any, context: Any) -> Any:
    fault, before = plan["fault"], plan["fault"].endswith("before")
    if fault == "stop":
        _states().stop_execution(executionArn=plan["execution"], cause="stopped by a fault plan")
    elif fault in ("lost", "doubled"):
        _mark(event["taskToken"], plan)
    elif fault == "twice":
        _handler(event, context)
    answer = None if before else _handler(event, context)
    if fault.startswith("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault.startswith("raise"):
        raise InjectedFaultError(f"{plan['state']}: raised by a fault plan")
    elif fault == "timeout":
        time.sleep(3600)
    return answer


def _announced(plan: dict[str, Any], event: Any) -> bool:
    """Whether this event is the announcement of the plan."""
    return (
        isinstance(event, dict)
        and event.get("detail-type") == plan["announces"]
        and _deployment_of(event.get("detail", {})) == plan["deployment"]
    )


def _announce(plan: dict[str, Any], event: Any, context: Any) -> Any:
    first = _take_turn(plan)
    if plan["fault"] == "lost":
        return None
    if plan["fault"] == "doubled":
        _handler(event, context)
    elif first:
        _stop_any(plan)
    return _handler(event, context)


def _stop_any(plan: dict[str, Any]) -> None:
    """Stop the executions of the plan's deployment that still run."""
    for execution in _running(plan):
        _states().stop_execution(executionArn=execution["executionArn"], cause="stopped by a fault plan")


def _execution_in(plan: dict[str, Any]) -> str:
    """The execution that is in the plan's state now; "" without one."""
    for execution in _running(plan):
        arn = execution["executionArn"]
        pages = _states().get_paginator("get_execution_history").paginate(executionArn=arn, reverseOrder=True)
        events = (event for page in pages for event in page["events"])
        entered = (e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e)
        if next(entered, "") == plan["state"]:
            return str(arn)
    return ""


def _running(plan: dict[str, Any]) -> list[dict[str, Any]]:
    pages = _states().get_paginator("list_executions").paginate(stateMachineArn=plan["machine"], statusFilter="RUNNING")
    return [
        execution
        for page in pages
        for execution in page["executions"]
        if execution["name"] == plan["deployment"] or execution["name"].startswith(f"{plan['deployment']}-")
    ]


def _take_turn(plan: dict[str, Any]) -> bool:
    """Whether this is the n-th call; calls are counted over all processes."""
    for turn in range(1, plan["turn"] + 1):
        try:
            (PLANS / f"{plan['deployment']}.{turn}").touch(exist_ok=False)
        except FileExistsError:
            continue
        if turn == plan["turn"] and (plan["announces"] or plan["fault"] not in ("lost", "doubled")):
            (PLANS / f"{plan['deployment']}.injected").touch()
        return bool(turn == plan["turn"])
    return False


def _mark(token: str, plan: dict[str, Any]) -> None:
    """Mark a token, whose completion is then lost or doubled unless the waiting handler itself completes it."""
    folder = PLANS / "tokens"
    folder.mkdir(exist_ok=True)
    (folder / sha256(token.encode()).hexdigest()).write_text(json.dumps(plan), "utf-8")


@cache
def _patch_completions() -> None:
    """Patch botocore so that completions of marked tokens are lost or doubled."""
    from botocore import client

    base: Any = client.BaseClient
    send = base._make_api_call

    def call(self: Any, operation: str, params: dict[str, Any]) -> Any:
        mark = PLANS / "tokens" / sha256(params.get("taskToken", "").encode()).hexdigest()
        if operation not in ("SendTaskSuccess", "SendTaskFailure") or not mark.exists():
            return send(self, operation, params)
        plan = json.loads(mark.read_text("utf-8"))
        if plan["handler"] == HANDLER:
            return send(self, operation, params)
        (PLANS / f"{plan['deployment']}.injected").touch()
        if plan["fault"] == "lost":
            return {}
        _completed_twice.append(True)
        return send(self, operation, params)

    base._make_api_call = call


@cache
def _states() -> Any:
    import boto3

    # as the account's root: the role of a handler may neither read nor stop executions
    return boto3.client("stepfunctions", aws_access_key_id="test", aws_secret_access_key="test")
