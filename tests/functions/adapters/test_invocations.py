"""Invoking what takes longer than GitHub waits."""

import json
from typing import Any

import pytest

from functions.adapters.invocations import Invocations
from tests.functions.stack import Stack


def test_a_plan_is_invoked_without_waiting(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invocation type `Event`: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(stack.client("lambda"), "_make_api_call", lambda _, given: calls.append(given))
    Invocations.connect(stack.clients).plan("acme/hello-service", 7)
    (call,) = calls
    assert (call["FunctionName"], call["InvocationType"]) == ("kiro-plan-pull-requests", "Event")
    assert json.loads(call["Payload"]) == {"repository": "acme/hello-service", "number": 7}
