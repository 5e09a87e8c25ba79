"""Invoking what takes longer than GitHub waits."""

import json
from typing import Any

import pytest

from functions.adapters.invocations import Invocations
from functions.adapters.worker_rules import WorkerRules
from functions.domain.job_reviews import Job
from functions.handler import encode
from tests.functions.samples import COMMIT, NOW
from tests.functions.stack import Stack


@pytest.fixture
def calls(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What Lambda is asked for."""
    made: list[dict[str, Any]] = []
    monkeypatch.setattr(stack.client("lambda"), "_make_api_call", lambda _, given: made.append(given))
    return made


def test_a_plan_is_invoked_without_waiting(stack: Stack, calls: list[dict[str, Any]]) -> None:
    """Invocation type `Event`: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
    Invocations.connect(stack.clients).plan("acme/hello-service", 7)
    (call,) = calls
    assert (call["FunctionName"], call["InvocationType"]) == ("kiro-plan-pull-requests", "Event")
    assert json.loads(call["Payload"]) == {"repository": "acme/hello-service", "number": 7}


def test_a_review_is_invoked_with_its_job(stack: Stack, calls: list[dict[str, Any]]) -> None:
    """P13: the index of jobs may not list it yet."""
    job = Job("acme/hello-service", 7, "production", COMMIT, "main", NOW)
    Invocations.connect(stack.clients).review(job)
    (call,) = calls
    assert (call["FunctionName"], call["InvocationType"]) == ("kiro-review-jobs", "Event")
    assert json.loads(call["Payload"]) == {"job": encode(job)}


def test_the_poll_is_invoked_without_waiting(stack: Stack, calls: list[dict[str, Any]]) -> None:
    """Invocation type `Event`: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
    Invocations.connect(stack.clients).poll()
    (call,) = calls
    assert (call["FunctionName"], call["InvocationType"], json.loads(call["Payload"])) == (
        "kiro-poll-board",
        "Event",
        {},
    )


def test_a_push_of_the_worker_is_passed_on(stack: Stack, calls: list[dict[str, Any]]) -> None:
    """W10: of a branch in its namespace, in one of its repositories."""
    invocations = Invocations.connect(stack.clients)
    invocations.show_progress("acme/hello-service", "kiro/greet")
    invocations.show_progress("acme/hello-service", "main")
    invocations.show_progress("eve/hello-service", "kiro/greet")
    assert [json.loads(call["Payload"]) for call in calls] == [{"pushed": "branch/acme/hello-service/kiro/greet"}]


def test_its_settings_are_those_of_the_rules_that_it_reads() -> None:
    """It names them itself: the rules are imported when a push is of a repository that is delivered."""
    assert set(WorkerRules.SETTINGS) < set(Invocations.SETTINGS)
