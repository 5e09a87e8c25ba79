"""Requesting a poll of the board."""

import json
from typing import Any

import pytest

from functions.adapters.polls import Polls
from functions.adapters.worker_rules import WorkerRules
from tests.functions.stack import Stack


@pytest.fixture
def calls(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What Lambda is asked for."""
    made: list[dict[str, Any]] = []
    monkeypatch.setattr(stack.client("lambda"), "_make_api_call", lambda _, given: made.append(given))
    return made


def test_the_poll_is_invoked_without_waiting(stack: Stack, calls: list[dict[str, Any]]) -> None:
    """Invocation type `Event`: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
    Polls.connect(stack.clients).request()
    (call,) = calls
    assert (call["FunctionName"], call["InvocationType"], json.loads(call["Payload"])) == (
        "kiro-poll-board",
        "Event",
        {},
    )


def test_a_push_of_the_worker_is_passed_on(stack: Stack, calls: list[dict[str, Any]]) -> None:
    """W10: of a branch in its namespace, in one of its repositories."""
    polls = Polls.connect(stack.clients)
    polls.pushed("acme/hello-service", "kiro/greet")
    polls.pushed("acme/hello-service", "main")
    polls.pushed("eve/hello-service", "kiro/greet")
    assert [json.loads(call["Payload"]) for call in calls] == [{"pushed": "branch/acme/hello-service/kiro/greet"}]


def test_its_settings_are_those_of_the_rules_that_it_reads() -> None:
    """It names them itself: the rules are imported when a push is of a repository that is delivered."""
    assert set(WorkerRules.SETTINGS) < set(Polls.SETTINGS)
