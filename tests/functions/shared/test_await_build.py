"""AwaitBuild: store the token, then query the build."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.waits_table import WaitsTable
from functions.domain.waits import BuildKey, read_wait_key
from tests.functions import builds
from tests.functions.builds import Queue
from tests.functions.samples import DEPLOYMENT, EXECUTION
from tests.functions.shared.test_start_build import EVENT as ORDER
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


@pytest.fixture
def queued(stack: Stack, queue: Queue) -> str:
    """The key of an order that was given while the account's queue was full; it still is."""
    builds.create_project(stack)
    queue.fill()
    return str(stack.run("shared.start_build", {**ORDER, "execution": EXECUTION})["buildId"])


def test_a_full_queue_is_asked_again_at_each_backstop(stack: Stack, queue: Queue, queued: str) -> None:
    """Nothing starts while it is full; once there is a place the build is waited for under its own name."""
    assert wait(stack, queued) == {}
    queue.free()
    assert wait(stack, queued, "second") == {}
    started = [call.given for call in stack.calls if call.action == "codebuild:StartBuild"]
    assert [one["idempotencyToken"] for one in started] == [started[0]["idempotencyToken"]] * len(started)
    (build_id,) = stack.client("codebuild").list_builds()["ids"]
    found = WaitsTable.connect(stack.clients).find(BuildKey(build_id))
    assert found is not None
    assert found.token == "second"
    assert wait(stack, queued, "third") == {}, "it is the same build, whatever the backstop asks with"
    assert stack.client("codebuild").list_builds()["ids"] == [build_id]
    builds.end(stack, build_id, "SUCCEEDED")
    assert wait(stack, queued, "fourth")["fourth"]["outcome"] == "succeeded"


def test_a_queue_that_stays_full_ends_the_wait_within_its_budget(stack: Stack, queue: Queue, queued: str) -> None:
    """The build counts as not started, with the reason and what to do; nothing is left."""
    table = WaitsTable.connect(stack.clients)
    waiting = table.get(read_wait_key(queued))
    assert waiting is not None
    order = {**waiting.facts["order"], "since": "2020-01-01T00:00:00.000Z"}
    table.store(replace(waiting, facts={"order": order}), datetime.now(UTC))
    queue.fill(limit=0)
    answer = wait(stack, queued)["token"]
    assert answer["outcome"] == "not started"
    assert "more than 0 builds in queue" in answer["reason"]
    assert "Service Quotas" in answer["reason"]
    assert table.get(read_wait_key(queued)) is None


def test_a_refused_build_was_not_started(stack: Stack) -> None:
    """P7: its project is gone; the wait ends at once with the reason and the next step, and nothing is left."""
    order = str(stack.run("shared.start_build", {**ORDER, "execution": EXECUTION})["buildId"])
    answer = wait(stack, order)["token"]
    assert answer["outcome"] == "not started"
    assert answer["reason"].startswith(f"CodeBuild refused to build in the project {builds.PROJECT}: ")
    assert "`kiro-worker status`" in answer["reason"]
    assert WaitsTable.connect(stack.clients).get(read_wait_key(order)) is None


def test_a_refusal_is_checked_once_more(stack: Stack) -> None:
    """A permission that has just been given may take a moment: the repeated order starts the build."""
    order = str(stack.run("shared.start_build", {**ORDER, "execution": EXECUTION})["buildId"])
    builds.create_project(stack)
    assert wait(stack, order) == {}
    (build_id,) = stack.client("codebuild").list_builds()["ids"]
    builds.end(stack, build_id, "SUCCEEDED")
    assert wait(stack, order, "second")["second"]["outcome"] == "succeeded"


def test_an_order_that_was_taken_back_counts_as_stopped(stack: Stack) -> None:
    """Whoever ended its execution took its order away."""
    assert wait(stack, "queued/gone")["token"]["outcome"] == "stopped"
