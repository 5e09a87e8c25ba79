"""The ways through `work_item.asl.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.statemachines.paths.answers import build_end, checked, read
from tests.statemachines.paths.playing import SILENCE, Played, answer, raises

if TYPE_CHECKING:
    from tests.statemachines.paths.house import House

CHECKED = ["Open", "CheckItem", "IsEligible"]
LOCKED = [*CHECKED, "AcquireLock", "LockTaken"]
BUILT = [*LOCKED, "MarkInProgress", "StartBuild", "AwaitBuild", "ReadResults", "UpdatePullRequest"]
END = ["Conclude", "ReleaseLock", "Concluded", "Announce", "Ended"]


def ended(played: Played, result: str, *words: str) -> bool:
    """Conclude was told this result once, with these words, and the end was reached well."""
    told = played.told("work_item/Conclude", times=1)
    assert (told["result"], played.status) == (result, "SUCCEEDED"), told
    assert all(word in told["reason"] for word in words), told["reason"]
    return True


def test_an_item_becomes_a_pull_request(house: House) -> None:
    """Check, lock, card, build, results, pull request, card, unlock; and then it is announced."""
    played = house.play("work_item")
    assert played.states == [*BUILT, *END]
    assert ended(played, "passed")
    assert played.told("work_item/Conclude")["pullRequest"] == 8
    ((kind, detail),) = house.announced(played, 1)
    assert (kind, detail["result"], detail["state"]) == ("WorkItemFinished", "passed", "done")


def test_the_build_is_told_its_branch_and_nothing_of_the_card(house: House) -> None:
    """Branch and spec travel as variables; the title, which anybody may write, does not."""
    told = house.play("work_item").told("StartBuild")
    assert told["variables"] == {"KIRO_BRANCH": "kiro/greet", "KIRO_SPEC": ".kiro/specs/kiro/greet"}
    assert told["artifact"] == f"test/{told['deploymentId']}"
    assert "Greet" not in str(told)


def test_the_build_belongs_to_its_attempt_from_the_start(house: House) -> None:
    """P9: an attempt that is stopped before anybody waits for its build has that build stopped."""
    played = house.play("work_item")
    assert played.told("StartBuild")["execution"] == played.told("AcquireLock")["execution"]


def test_an_ineligible_item_builds_nothing(house: House) -> None:
    """What is missing reaches Conclude with what it was judged on; no lock was taken, and none is kept."""
    played = house.play("work_item", {"CheckItem": answer(checked("ineligible", "tasks.md is missing"))})
    assert played.states == [*CHECKED, "NotEligible", *END]
    assert ended(played, "ineligible", "tasks.md is missing")
    assert played.told("work_item/Conclude")["seen"] == "seen"


def test_a_busy_branch_is_left_alone(house: House) -> None:
    """The attempt ends without a build, and leaves the queue of the lock."""
    busy = {"outcome": "busy", "reason": "held by another"}
    played = house.play("work_item", {"AcquireLock": answer(busy)})
    assert played.states == [*LOCKED, "BranchBusy", *END]
    assert ended(played, "busy", "held by another")
    assert played.told("ReleaseLock")["key"] == "branch/example/hello/kiro/greet"


def test_failing_tests_are_shown_on_the_pull_request(house: House) -> None:
    """The pull request is updated also then, and the reasons are those of the gates."""
    played = house.play("work_item", {"ReadResults": answer(read("failed", "2 of 3 tests failed"))})
    assert played.states == [*BUILT, *END]
    assert played.told("UpdatePullRequest")["gates"][0]["outcome"] == "failed"
    assert ended(played, "failed", "2 of 3 tests failed")


def test_a_killed_build_is_read_all_the_same(house: House) -> None:
    """ReadResults hears how the build ended, and says what that means."""
    played = house.play("work_item", {"AwaitBuild": answer(build_end("stopped", "by a person"))})
    assert played.told("ReadResults")["build"]["outcome"] == "stopped"


def test_the_event_of_a_build_ends_the_wait(house: House) -> None:
    """A silent handler is answered by the event, without a second ask."""
    playing = house.start("work_item", {"AwaitBuild": SILENCE})
    playing.complete("AwaitBuild", build_end("succeeded"))
    assert playing.end().states == [*BUILT, *END]


@pytest.mark.parametrize("handler", ["MarkInProgress", "StartBuild", "UpdatePullRequest"])
def test_a_fault_is_a_failed_attempt_with_its_words(house: House, handler: str) -> None:
    """The lock is given back, and the card says what happened."""
    played = house.play("work_item", {handler: raises("BadInputError", "no such column")})
    assert played.states[-5:] == END
    assert ended(played, "failed", handler, "no such column")


def test_a_conclude_that_breaks_leaves_the_rest_to_the_poll(house: House) -> None:
    """The lock is free; the failed end wakes the poll, which alone announces."""
    line: dict[str, Any] = raises("GitHubRefusedError", "forbidden")
    played = house.play("work_item", {"work_item/Conclude": line})
    assert played.states[-3:] == ["ReleaseLock", "Concluded", "EndedUntold"]
    assert (played.status, played.error) == ("FAILED", "EndedUntold")
