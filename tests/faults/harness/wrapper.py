"""What runs around every handler on a platform that was started with fault plans; lies in the zip as `faulty.py`.

A plan is `<folder>/<deployment>.json`: a fault for the n-th time that a handler is called in one state of one workflow.
The state is asked of Step Functions, for workflows share handlers. `<deployment>.struck` says that it happened.
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
# whether this call completed a token that a plan wants completed twice
_heard_twice: list[bool] = []


class InjectedFaultError(Exception):
    """No fault of the product's: no Retry names it."""


def handle(event: Any, context: Any) -> Any:
    """The handler's handler, with the faults of the plans that concern this call."""
    plans = list(_plans())
    if any(plan["fault"] in ("lost", "doubled") for plan in plans):
        _listen()
    for plan in plans:
        if plan["fault"] == "broken":
            if _meant(plan, event):
                raise InjectedFaultError(f"{plan['state']}: broken, says a fault plan")
        elif plan.get("announces"):
            if _announced(plan, event):
                return _announce(plan, event, context)
        elif _unheard(plan, event):
            return None
        elif _struck(plan, event):
            return _strike(plan, event, context)
    _heard_twice.clear()
    answer = _handler(event, context)
    return _handler(event, context) if _heard_twice else answer


def _plans() -> Iterator[dict[str, Any]]:
    """The plans of all cases; one that is over takes its plan away at any moment."""
    for file in PLANS.glob("*.json"):
        with suppress(FileNotFoundError):
            yield json.loads(file.read_text("utf-8"))


def _meant(plan: dict[str, Any], event: Any) -> bool:
    """Whether this is the plan's handler, called for its deployment."""
    return plan["handler"] == HANDLER and isinstance(event, dict) and _whose(event) == plan["deployment"]


def _whose(told: dict[str, Any]) -> Any:
    """The deployment, or the attempt at a card, that an event is about."""
    return told.get("deploymentId") or told.get("workId")


def _struck(plan: dict[str, Any], event: Any) -> bool:
    """Whether this is the call that the plan means; looked up once the cheap questions are answered."""
    if not _meant(plan, event):
        return False
    plan["execution"] = _execution_in(plan)
    return bool(plan["execution"]) and _take_turn(plan)


def _strike(plan: dict[str, Any], event: Any, context: Any) -> Any:
    fault, before = plan["fault"], plan["fault"].endswith("before")
    if fault in ("stop", "unheard"):
        _states().stop_execution(executionArn=plan["execution"], cause="stopped by a fault plan")
    elif fault in ("lost", "doubled"):
        _mark(event["taskToken"], plan)
    elif fault == "twice":
        _handler(event, context)
    answer = None if before else _handler(event, context)
    if fault.startswith("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault.startswith("raise"):
        raise InjectedFaultError(f"{plan['state']}: a fault plan says so")
    elif fault == "timeout":
        time.sleep(3600)
    return answer


def _announced(plan: dict[str, Any], event: Any) -> bool:
    """Whether this event is the announcement that the plan means."""
    return (
        isinstance(event, dict)
        and event.get("detail-type") == plan["announces"]
        and _whose(event.get("detail", {})) == plan["deployment"]
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
    """Stop the execution that announced, where it still runs."""
    for case in _running(plan):
        _states().stop_execution(executionArn=case["executionArn"], cause="stopped by a fault plan")


def _unheard(plan: dict[str, Any], event: Any) -> bool:
    """Whether this is the end of an execution that nobody is to hear of."""
    ended = event.get("detail", {}).get("name", "") if isinstance(event, dict) else ""
    return plan["fault"] == "unheard" and str(ended).startswith(plan["deployment"])


def _execution_in(plan: dict[str, Any]) -> str:
    """The execution that is in the plan's state now."""
    for case in _running(plan):
        history = _states().get_execution_history(executionArn=case["executionArn"], reverseOrder=True, maxResults=100)
        entered = (e["stateEnteredEventDetails"]["name"] for e in history["events"] if "stateEnteredEventDetails" in e)
        if next(entered, "") == plan["state"]:
            return str(case["executionArn"])
    return ""


def _running(plan: dict[str, Any]) -> list[dict[str, Any]]:
    cases = _states().list_executions(stateMachineArn=plan["machine"], statusFilter="RUNNING")["executions"]
    return [
        case
        for case in cases
        if case["name"] == plan["deployment"] or case["name"].startswith(f"{plan['deployment']}-")
    ]


def _take_turn(plan: dict[str, Any]) -> bool:
    """Whether this is the n-th call; each is counted once, whichever process it comes to."""
    for turn in range(1, plan["turn"] + 1):
        try:
            (PLANS / f"{plan['deployment']}.{turn}").touch(exist_ok=False)
        except FileExistsError:
            continue
        if turn == plan["turn"] and (plan["announces"] or plan["fault"] not in ("lost", "doubled")):
            (PLANS / f"{plan['deployment']}.struck").touch()
        return bool(turn == plan["turn"])
    return False


def _mark(token: str, plan: dict[str, Any]) -> None:
    """Say of a token that its completion is lost, or comes twice, unless it comes from the asking handler itself."""
    folder = PLANS / "tokens"
    folder.mkdir(exist_ok=True)
    (folder / sha256(token.encode()).hexdigest()).write_text(json.dumps(plan), "utf-8")


@cache
def _listen() -> None:
    """Meddle with the completion of marked tokens, however a handler sends it."""
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
        (PLANS / f"{plan['deployment']}.struck").touch()
        if plan["fault"] == "lost":
            return {}
        _heard_twice.append(True)
        return send(self, operation, params)

    base._make_api_call = call


@cache
def _states() -> Any:
    import boto3

    # as the account's root: the role of a handler may neither read nor stop executions
    return boto3.client("stepfunctions", aws_access_key_id="test", aws_secret_access_key="test")
