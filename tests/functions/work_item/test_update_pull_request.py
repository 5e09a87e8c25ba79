"""UpdatePullRequest: one pull request per branch, updated in place (W6)."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.domain.gates import Coverage, TestRun, Verdict
from functions.domain.work_results import BEGIN, END, Results, TaskResult
from functions.handler import encode
from local.github import LocalGitHub
from local.github.boards import Board, Card
from local.github.records import Issue
from tests.functions.stack import Stack
from tests.functions.work_item.conftest import item_of
from tests.local.github.support import REPOSITORY

RESULTS = Results(
    "", (TaskResult("1", "Say it", "done"),), 0, TestRun(3), "", Coverage(91.0), "", (), ("src/a.py",), "ok"
)


@pytest.fixture
def card(spec_branch: Any, put_up: Any) -> Card:
    """A card whose branch exists."""
    spec_branch("kiro/greet")
    made: Card = put_up("Greet <b>everybody</b>\n@all")
    return made


def update(stack: Stack, card: Card, board: Board, outcome: Any = "passed", results: Results = RESULTS) -> int:
    """Run the handler; returns the number of the pull request."""
    event = {
        "workId": "w",
        "item": encode(item_of(card, board)),
        "outcome": outcome,
        "reason": "",
        "gates": encode((Verdict("tests", outcome, "3 tests"),)),
        "results": encode(results),
        "buildId": "worker:1",
        "log": "https://console/log",
    }
    return int(stack.run("work_item.update_pull_request", event)["number"])


def pulls(hub: LocalGitHub) -> list[Issue]:
    """Every pull request."""
    return [issue for issue in hub.repository(REPOSITORY).issues if issue.pull]


def test_it_is_opened_once_and_then_updated(stack: Stack, hub: LocalGitHub, board: Board, card: Card) -> None:
    """Two attempts have one pull request with one section of ours."""
    first = update(stack, card, board, "failed")
    assert update(stack, card, board) == first
    (pull,) = pulls(hub)
    body = pull.body or ""
    assert (body.count(BEGIN), body.count(END)) == (1, 1)
    assert f"Closes #{card.issue.number if card.issue else 0}" in body
    assert "\n" not in pull.title


def test_text_of_people_survives(stack: Stack, hub: LocalGitHub, board: Board, card: Card) -> None:
    """Text before and after our section stays."""
    update(stack, card, board)
    (pull,) = pulls(hub)
    pull.body = f"Please look.\n\n{pull.body}\n\nThanks!"
    update(stack, card, board, "failed")
    assert pull.body.startswith("Please look.")
    assert pull.body.endswith("Thanks!")
    assert "| tests | failed |" in pull.body


def test_what_fails_is_a_draft_until_it_passes(stack: Stack, hub: LocalGitHub, board: Board, card: Card) -> None:
    """And again when it fails again; labels and commit status follow."""
    seen = []
    for outcome in ("failed", "passed", "failed"):
        update(stack, card, board, outcome)
        (pull,) = pulls(hub)
        assert pull.pull
        check = hub.repository(REPOSITORY).statuses[-1]
        seen.append((pull.pull.draft, pull.labels, check.context, check.state))
    assert [one[0] for one in seen] == [True, False, True]
    assert pull.labels == ["kiro: failing"]
    assert [one[3] for one in seen] == ["failure", "success", "failure"]


def test_where_there_are_no_drafts_it_is_ready_at_once(
    stack: Stack, hub: LocalGitHub, board: Board, card: Card
) -> None:
    """W6: private repositories of free plans: the label says that it fails, and the item is not quarantined for it."""
    hub.repository(REPOSITORY).has_drafts = False
    for outcome, label in (("failed", "kiro: failing"), ("passed", "kiro: ready"), ("failed", "kiro: failing")):
        update(stack, card, board, outcome)
        (pull,) = pulls(hub)
        assert pull.pull
        assert (pull.pull.draft, pull.labels) == (False, [label])


def test_a_pull_request_of_somebody_else_is_found(stack: Stack, hub: LocalGitHub, board: Board, card: Card) -> None:
    """By the branch, whoever opened it."""
    number = update(stack, card, board)
    hub.repository(REPOSITORY).issues[number - 1].body = "My own words."
    assert update(stack, card, board) == number
    assert (pulls(hub)[0].body or "").startswith("My own words.")


def test_the_status_is_that_of_the_branchs_head(stack: Stack, hub: LocalGitHub, board: Board, card: Card) -> None:
    """Results about another commit, also one of this repository, give it no status and the head an error."""
    git = hub.repository(REPOSITORY).git
    head, other = git.text("rev-parse", "refs/heads/kiro/greet"), git.text("rev-parse", "refs/heads/main")
    assert head != other
    update(stack, card, board, results=replace(RESULTS, head=head))
    update(stack, card, board, results=replace(RESULTS, head=other))
    statuses = [(one.sha, one.state) for one in hub.repository(REPOSITORY).statuses]
    assert statuses == [(head, "success"), (head, "error")]
    assert (hub.repository(REPOSITORY).statuses[-1].description or "").startswith(f"the results are of {other[:12]}")
