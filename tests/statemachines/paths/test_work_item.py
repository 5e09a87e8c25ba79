"""The paths through `work_item.asl.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.statemachines.paths.answers import build_end, checked, read
from tests.statemachines.paths.executions import SILENCE, EndedExecution, answer, raises

if TYPE_CHECKING:
    from tests.statemachines.paths.runner import WorkflowRunner

CHECKED = ["Open", "CheckItem", "IsEligible"]
LOCKED = [*CHECKED, "AcquireLock", "LockTaken"]
BUILT = [*LOCKED, "MarkInProgress", "StartBuild", "AwaitBuild", "ReadResults", "UpdatePullRequest"]
END = ["Conclude", "ReleaseLock", "Concluded", "Announce", "Ended"]


def ended(execution: EndedExecution, result: str, *words: str) -> bool:
    """Whether the execution succeeded and Conclude was called once, with this result and these words in its reason."""
    payload = execution.payload_of("work_item/Conclude", times=1)
    assert (payload["result"], execution.status) == (result, "SUCCEEDED"), payload
    assert all(word in payload["reason"] for word in words), payload["reason"]
    return True


def test_an_item_becomes_a_pull_request(runner: WorkflowRunner) -> None:
    """Check, lock, card, build, results, pull request, card and unlock follow in this order; then it is announced."""
    execution = runner.run("work_item")
    assert execution.states == [*BUILT, *END]
    assert ended(execution, "passed")
    assert execution.payload_of("work_item/Conclude")["pullRequest"] == 8
    ((kind, detail),) = runner.announced(execution, 1)
    assert (kind, detail["result"], detail["state"]) == ("WorkItemFinished", "passed", "done")


def test_the_build_gets_its_branch_and_no_text_of_the_card(runner: WorkflowRunner) -> None:
    """Branch and spec are variables of the build; the title, which anybody may write, is not."""
    payload = runner.run("work_item").payload_of("StartBuild")
    assert payload["variables"] == {"KIRO_BRANCH": "kiro/greet", "KIRO_SPEC": ".kiro/specs/kiro/greet"}
    assert payload["artifact"] == f"test/example/hello/{payload['deploymentId']}"
    assert "Greet" not in str(payload)


def test_the_build_belongs_to_its_attempt_from_the_start(runner: WorkflowRunner) -> None:
    """P9: StartBuild records the attempt, so that a stop before the wait also stops the build."""
    execution = runner.run("work_item")
    assert execution.payload_of("StartBuild")["execution"] == execution.payload_of("AcquireLock")["execution"]


def test_an_ineligible_item_builds_nothing(runner: WorkflowRunner) -> None:
    """Conclude gets the missing things and their basis; no lock is taken."""
    execution = runner.run("work_item", {"CheckItem": answer(checked("ineligible", "tasks.md is missing"))})
    assert execution.states == [*CHECKED, "NotEligible", *END]
    assert ended(execution, "ineligible", "tasks.md is missing")
    assert execution.payload_of("work_item/Conclude")["seen"] == "seen"


def test_a_busy_branch_is_left_alone(runner: WorkflowRunner) -> None:
    """The attempt ends without a build and leaves the queue of the lock."""
    busy = {"outcome": "busy", "reason": "held by another"}
    execution = runner.run("work_item", {"AcquireLock": answer(busy)})
    assert execution.states == [*LOCKED, "BranchBusy", *END]
    assert ended(execution, "busy", "held by another")
    assert execution.payload_of("ReleaseLock")["key"] == "branch/example/hello/kiro/greet"


def test_failing_tests_are_shown_on_the_pull_request(runner: WorkflowRunner) -> None:
    """The pull request is updated, with the reasons of the gates."""
    execution = runner.run("work_item", {"ReadResults": answer(read("failed", "2 of 3 tests failed"))})
    assert execution.states == [*BUILT, *END]
    assert execution.payload_of("UpdatePullRequest")["gates"][0]["outcome"] == "failed"
    assert ended(execution, "failed", "2 of 3 tests failed")


def test_the_results_of_a_killed_build_are_read(runner: WorkflowRunner) -> None:
    """ReadResults gets the end of the build and decides the result."""
    execution = runner.run("work_item", {"AwaitBuild": answer(build_end("stopped", "by a person"))})
    assert execution.payload_of("ReadResults")["build"]["outcome"] == "stopped"


def test_the_event_of_a_build_ends_the_wait(runner: WorkflowRunner) -> None:
    """The event completes the wait, without a second query."""
    running = runner.start("work_item", {"AwaitBuild": SILENCE})
    running.complete("AwaitBuild", build_end("succeeded"))
    assert running.end().states == [*BUILT, *END]


@pytest.mark.parametrize("handler", ["MarkInProgress", "StartBuild", "UpdatePullRequest"])
def test_a_fault_is_a_failed_attempt_with_its_message(runner: WorkflowRunner, handler: str) -> None:
    """The lock is released, and Conclude gets handler and error."""
    execution = runner.run("work_item", {handler: raises("BadInputError", "no such column")})
    assert execution.states[-5:] == END
    assert ended(execution, "failed", handler, "no such column")


def test_a_failed_conclude_leaves_the_rest_to_the_poll(runner: WorkflowRunner) -> None:
    """The lock is released; the failed end starts the poll, which announces the attempt."""
    line: dict[str, Any] = raises("GitHubRefusedError", "forbidden")
    execution = runner.run("work_item", {"work_item/Conclude": line})
    assert execution.states[-3:] == ["ReleaseLock", "Concluded", "EndedUntold"]
    assert (execution.status, execution.error) == ("FAILED", "EndedUntold")
