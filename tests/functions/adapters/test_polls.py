"""Requesting a poll of the board."""

import json
from typing import Any

import pytest

from functions.adapters.polls import Polls
from tests.functions.stack import Stack


def test_the_poll_is_invoked_without_waiting(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invocation type `Event`: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(stack.client("lambda"), "_make_api_call", lambda _, given: calls.append(given))
    Polls.connect(stack.clients).request()
    (call,) = calls
    assert (call["FunctionName"], call["InvocationType"], json.loads(call["Payload"])) == (
        "kiro-poll-board",
        "Event",
        {},
    )
