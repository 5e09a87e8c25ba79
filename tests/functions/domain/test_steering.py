"""Instructions in comments, and what they do to an item in each state (W10)."""

from typing import Any, get_args

import pytest

from functions.domain.errors import BadInputError
from functions.domain.pushes import Ignored
from functions.domain.steering import Instruction, Verb, moved_away, read_comment, steered
from functions.domain.work_items import Columns, Item, Record, State, Stop, begun, ended, wanted

COLUMNS = Columns()
REPOSITORY = "acme/hello-service"
ITEM = Item("PVTI_1", "issue", "Greet", "kiro/greet", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", REPOSITORY, 7)
ARN = "arn:aws:states:eu-west-1:111122223333:stateMachine:kiro-worker-test-work-item"


def comment(body: Any, **changes: Any) -> dict[str, Any]:
    """A delivery of a new comment, with the fields that are read."""
    return {
        "action": "created",
        "issue": {"number": 7},
        "comment": {"id": 31, "body": body, "user": {"login": "ada"}},
        "repository": {"full_name": REPOSITORY},
        **changes,
    }


def read(payload: dict[str, Any]) -> Instruction | Ignored:
    """What a stack of one repository reads."""
    return read_comment(payload, frozenset({REPOSITORY}))


@pytest.mark.parametrize("body", ["/kiro stop", "/kiro  stop \r\nbecause", "/kiro\tstop\n/kiro retry"])
def test_the_first_line_is_the_command(body: str) -> None:
    """What follows is for people."""
    assert read(comment(body)) == Instruction("stop", REPOSITORY, 7, False, "ada", 31)


def test_a_comment_on_a_pull_request_says_so() -> None:
    """Its number is that of the pull request, and not of the card's issue."""
    found = read(comment("/kiro retry", issue={"number": 8, "pull_request": {"url": "…"}}))
    assert found == Instruction("retry", REPOSITORY, 8, True, "ada", 31)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (comment("/kiro stop", action="edited"), "only new comments"),
        (comment("Please /kiro stop"), "no instruction"),
        (comment(" /kiro stop"), "no instruction"),
        (comment("/kiro stop now"), "no instruction"),
        (comment("/kirostop"), "no instruction"),
        (comment(None), "no instruction"),
        (comment("/kiro deploy"), "unknown instruction 'deploy'; there are /kiro stop and /kiro retry"),
        (comment("/kiro stop", repository={"full_name": "acme/other"}), "acme/other is not delivered"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_other_comments_are_ignored(payload: dict[str, Any], said: str) -> None:
    """With the reason, which GitHub shows beside the delivery."""
    found = read(payload)
    assert isinstance(found, Ignored)
    assert said in found.reason


@pytest.mark.parametrize(
    "payload",
    [
        {"action": "created"},
        comment(7),
        comment("/kiro stop", issue=None),
        comment("/kiro stop", issue={"number": "x"}),
        comment("/kiro stop", comment={"id": 1, "body": "/kiro stop", "user": None}),
        comment("/kiro stop", comment={"id": 1, "body": "/kiro stop", "user": {"login": "a/../b"}}),
    ],
)
def test_another_form_is_refused(payload: dict[str, Any]) -> None:
    """A login becomes a part of an address."""
    with pytest.raises(BadInputError, match="issue_comment: "):
        read(payload)


def record(state: State) -> Record:
    """The record of an item in this state, whose card the platform moved on 3 January."""
    return Record(
        "PVTI_1", state, 2, 1, f"{ARN}:x-2", moved_at="2026-01-03T00:00:00Z", seen="abc", item=ITEM, reason="failed"
    )


@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("verb", get_args(Verb))
def test_each_command_has_an_answer_in_each_state(verb: Verb, state: State) -> None:
    """Doing it again on what it saved changes nothing but the same again."""
    first = steered(verb, record(state), "ada", COLUMNS)
    assert first.answer.endswith(".")
    again = steered(verb, first.record or record(state), "bob", COLUMNS)
    assert again.record in (None, first.record)


def test_a_stop_of_a_running_attempt_is_a_wish_first() -> None:
    """The record keeps it until the attempt has ended; then the card waits in the failed column, without a comment."""
    wish = steered("stop", record("running"), "ada", COLUMNS)
    assert wish.record
    assert (wish.stops, wish.column, wish.record.state, wish.record.stop) == (True, "", "running", Stop("ada"))
    ending = ended(wish.record, "failed", "it crashed", 3, COLUMNS)
    assert (ending.record.state, ending.record.reason, ending.record.failures) == ("stopped", "stopped by ada", 1)
    assert (ending.column, ending.comment, ending.record.stop) == (COLUMNS.failed, "", None)


def test_an_attempt_that_passed_before_it_was_stopped_has_passed() -> None:
    """The pull request is there; to call it stopped would be wrong."""
    wish = steered("stop", record("running"), "ada", COLUMNS).record
    assert wish
    ending = ended(wish, "passed", "", 3, COLUMNS)
    assert (ending.record.state, ending.column, ending.record.stop) == ("done", COLUMNS.in_review, None)


@pytest.mark.parametrize("state", ["waiting", "ineligible"])
def test_a_stop_between_attempts_starts_no_other(state: State) -> None:
    """The card goes to the failed column, and stays out of work even if that move is lost."""
    wish = steered("stop", record(state), "ada", COLUMNS)
    assert wish.record
    assert (wish.record.state, wish.column, wish.stops) == ("stopped", COLUMNS.failed, False)
    assert not wanted(ITEM, wish.record, lambda: "commit")


@pytest.mark.parametrize("state", ["stopped", "quarantined", "done"])
def test_a_retry_counts_like_a_move_of_a_person(state: State) -> None:
    """The card is moved to the column, and the attempts are counted from 0."""
    assert not wanted(ITEM, record(state), lambda: "commit")
    wish = steered("retry", record(state), "ada", COLUMNS)
    assert wish.record
    assert wish.column == COLUMNS.todo
    assert wanted(ITEM, wish.record, lambda: "commit")
    assert begun(ITEM, wish.record, ARN).failures == 0


def test_a_retry_checks_an_ineligible_item_again() -> None:
    """Although neither branch nor card changed."""
    wish = steered("retry", record("ineligible"), "ada", COLUMNS)
    assert wish.record
    assert wanted(ITEM, wish.record, lambda: "commit")


@pytest.mark.parametrize(
    ("column", "since", "why"),
    [
        ("In Progress", "2026-01-04T00:00:00Z", ""),
        ("Todo", ITEM.status_since, ""),
        ("Todo", "2026-01-04T00:00:00Z", "moved to `Todo`"),
        ("Backlog", "2026-01-04T00:00:00Z", "moved to `Backlog`"),
        ("", "2026-01-04T00:00:00Z", "moved to no column"),
        ("", "", "taken off the board"),
    ],
)
def test_a_card_that_left_its_column_ends_the_attempt(column: str, since: str, why: str) -> None:
    """In the column in progress, or where the poll found it, it stays."""
    found = moved_away(ITEM, column, since, COLUMNS)
    assert (why in found, bool(found)) == (True, bool(why))


def test_a_card_that_a_person_moved_stays_there() -> None:
    """The reason says so; moved into the column of work, it is worked on again."""
    moved = Record("PVTI_1", "running", item=ITEM, stop=Stop("the card was moved to `Backlog`", card=True))
    ending = ended(moved, "failed", "it crashed", 3, COLUMNS)
    assert (ending.record.state, ending.column) == ("stopped", "")
    assert ending.record.reason == "the card was moved to `Backlog`"
    assert wanted(ITEM, ending.record, lambda: "commit")
