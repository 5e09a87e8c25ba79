"""AwaitBuild: store the token, then query the build."""

from typing import Any

import pytest

from functions.adapters.waits_table import WaitsTable
from functions.domain.waits import BuildKey
from tests.functions import builds
from tests.functions.samples import DEPLOYMENT, EXECUTION
from tests.functions.stack import Stack


def wait(stack: Stack, build_id: str, token: str = "token") -> dict[str, Any]:
    """Run the handler; returns the completed tokens."""
    event = {"taskToken": token, "execution": EXECUTION, "deploymentId": DEPLOYMENT, "buildId": build_id}
    stack.run("shared.await_build", event)
    return stack.completed()


def test_a_build_that_runs_is_waited_for(stack: Stack) -> None:
    """The newest token is stored, by build and by execution."""
    build_id = builds.start(stack)
    # moto calls a build succeeded but not complete: that is one that still runs
    assert wait(stack, build_id) == {}
    assert wait(stack, build_id, "newer") == {}
    (found,) = WaitsTable.connect(stack.clients).of_execution(EXECUTION)
    assert (str(found.key), found.token) == (f"build/{build_id}", "newer")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("SUCCEEDED", "succeeded"),
        ("FAILED", "failed"),
        ("FAULT", "failed"),
        ("TIMED_OUT", "timed out"),
        ("STOPPED", "stopped"),
    ],
)
def test_a_build_that_has_ended_ends_the_wait(stack: Stack, status: str, outcome: str) -> None:
    """After a lost event the backstop's query ends the wait; a repetition has the same result."""
    build_id = builds.start(stack)
    builds.end(stack, build_id, status)
    answer = wait(stack, build_id)["token"]
    assert answer["outcome"] == outcome
    assert (answer["reason"] == "") == (outcome == "succeeded")
    assert wait(stack, build_id, "again")["again"] == answer
    assert WaitsTable.connect(stack.clients).find(BuildKey(build_id)) is None


def test_an_unknown_build_counts_as_stopped(stack: Stack) -> None:
    """The wait does not last for ever."""
    assert wait(stack, "kiro-build:gone")["token"]["outcome"] == "stopped"
