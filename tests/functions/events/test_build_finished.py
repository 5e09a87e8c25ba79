"""A build's event ends the wait for it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.adapters.waits_table import WaitsTable
from functions.domain.errors import BadInputError
from functions.domain.waits import BuildKey, Wait
from tests.functions import builds
from tests.functions.stack import Stack


def finished(stack: Stack, build_id: str) -> Any:
    """Run the handler with the event of a build."""
    arn = f"arn:aws:codebuild:eu-central-1:123456789012:build/{build_id}"
    return stack.run("events.build_finished", {"detail": {"build-id": arn, "build-status": "SUCCEEDED"}})


def wait(stack: Stack, build_id: str) -> None:
    """Store a wait for the build."""
    WaitsTable.connect(stack.clients).store(Wait(BuildKey(build_id), "token", "arn:e"), datetime.now(UTC))


def test_the_wait_ends_with_what_codebuild_says(stack: Stack) -> None:
    """The event's own status is not used; a second event finds no wait."""
    build_id = builds.start(stack)
    builds.end(
        stack, build_id, "FAILED", phases=[_phase("BUILD", "FAILED", "exit 1"), _phase("INSTALL", "SUCCEEDED", "")]
    )
    wait(stack, build_id)
    assert finished(stack, build_id) == {"outcome": "failed", "buildId": build_id}
    assert stack.completed()["token"]["reason"] == "BUILD: exit 1"
    assert finished(stack, build_id)["outcome"] == "no wait"
    assert len(stack.completed()) == 1


def _phase(kind: str, status: str, message: str) -> dict[str, Any]:
    return {"phaseType": kind, "phaseStatus": status, "contexts": [{"statusCode": "X", "message": message}]}


def test_an_event_before_the_end_ends_nothing(stack: Stack) -> None:
    """CodeBuild reports that the build runs."""
    build_id = builds.start(stack)
    wait(stack, build_id)
    assert finished(stack, build_id)["outcome"] == "still running"
    assert WaitsTable.connect(stack.clients).find(BuildKey(build_id))


@pytest.mark.parametrize("event", [{}, {"detail": {}}, {"detail": {"build-id": "x"}}, {"detail": {"build-id": None}}])
def test_an_event_of_another_format_is_refused(stack: Stack, event: dict[str, Any]) -> None:
    """The error says what was expected."""
    with pytest.raises(BadInputError, match=r"detail\.build-id"):
        stack.run("events.build_finished", event)
