"""Steering a work item by comments on its issue or pull request (W10).

`/kiro stop` ends the running attempt and starts no other, `/kiro retry` starts the next one. A card that a person moves
away while it is worked on ends the attempt, too.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal, assert_never

from msgspec.structs import replace

from functions.domain.errors import BadInputError
from functions.domain.pushes import Ignored
from functions.domain.texts import QUOTE, code
from functions.domain.values import Value
from functions.domain.work_items import Columns, Item, Record, Stop

Verb = Literal["stop", "retry"]

_VERBS: Mapping[str, Verb] = {"stop": "stop", "retry": "retry"}
_INSTRUCTION = re.compile(r"/kiro[ \t]+(\S+)[ \t]*")
# GitHub logins: letters, digits and dashes; those of Apps end in `[bot]`.
_LOGIN = re.compile(r"[A-Za-z0-9-]{1,100}(\[bot\])?")


class Instruction(Value, frozen=True):
    """`by` is the login of the comment's author, whose rights are not known yet; `comment` is its id."""

    verb: Verb
    repository: str
    number: int
    pull_request: bool
    by: str
    comment: int


class Steered(Value, frozen=True):
    """What follows from an instruction.

    The record to save (None: no change), whether its execution is stopped, the card's column ("": it stays), and the
    answer to the comment.
    """

    record: Record | None
    stops: bool
    column: str
    answer: str


def read_comment(payload: Mapping[str, Any], repositories: frozenset[str]) -> Instruction | Ignored:
    """The instruction of an `issue_comment` delivery, whose signature was verified before; Ignored if it is none.

    Only the first line of a new comment counts. A payload of another form is a BadInputError.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#issue_comment
    """
    if payload.get("action") != "created":
        return Ignored("only new comments are read")
    try:
        comment, issue, repository = payload["comment"], payload["issue"], str(payload["repository"]["full_name"])
        first = (comment["body"] or "").partition("\n")[0].rstrip("\r")
        number, by, id_ = int(issue["number"]), str(comment["user"]["login"]), int(comment["id"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInputError(f"issue_comment: comment, issue or repository has another form: {error!r}") from None
    found = _INSTRUCTION.fullmatch(first)
    if found is None:
        return Ignored("the comment is no instruction")
    if repository not in repositories:
        return Ignored(f"repository {repository} is not delivered by this stack")
    verb = _VERBS.get(found[1])
    if verb is None:
        return Ignored(f"unknown instruction {found[1][:20]!r}; there are /kiro stop and /kiro retry")
    if not _LOGIN.fullmatch(by):
        raise BadInputError("issue_comment: comment.user.login is no login")
    return Instruction(verb, repository, number, "pull_request" in issue, by, id_)


def steered(verb: Verb, record: Record, by: str, columns: Columns) -> Steered:
    """What an instruction does to an item in this state; repeating it changes nothing more."""
    match verb:
        case "stop":
            return _stopped(record, by, columns)
        case "retry":
            return _retried(record, columns)
        case _:
            assert_never(verb)


def _stopped(record: Record, by: str, columns: Columns) -> Steered:
    match record.state:
        case "running":
            attempt = code(record.execution.rpartition(":")[2], QUOTE)
            answer = (
                f"The attempt {attempt} is stopped. Comment `/kiro retry`, or move the card, to start the next one."
            )
            return Steered(replace(record, stop=record.stop or Stop(by)), True, "", answer)
        case "waiting" | "ineligible" | "new":
            answer = "No attempt starts any more. Comment `/kiro retry`, or move the card, to start the next one."
            return Steered(replace(record, state="stopped", reason=f"stopped by {by}"), False, columns.failed, answer)
        case "quarantined" | "done" | "stopped":
            return Steered(None, False, "", f"Nothing is worked on here: the item is {record.state}.")
        case _:
            assert_never(record.state)


def _retried(record: Record, columns: Columns) -> Steered:
    match record.state:
        case "running":
            return Steered(None, False, "", "An attempt is running already. `/kiro stop` ends it.")
        case "waiting" | "new":
            return Steered(None, False, "", "The next attempt starts automatically.")
        case "ineligible":
            return Steered(replace(record, seen=""), False, "", "The item is checked again.")
        case "quarantined" | "done" | "stopped":
            # Without the time of the platform's own last move, the card counts as moved by a person.
            return Steered(replace(record, moved_at=""), False, columns.todo, "The next attempt starts.")
        case _:
            assert_never(record.state)


def moved_away(item: Item, column: str, since: str, columns: Columns) -> str:
    """Why the attempt at an item ends because of its card; "" if it goes on.

    `column` and `since` are where the card is and since when; both are empty if it is not on the board. Before the
    platform has moved it, the card is where the poll found it.
    """
    if column == columns.in_progress or (column == columns.todo and since == item.status_since):
        return ""
    if not column and not since:
        return "the card was taken off the board"
    return f"the card was moved to {code(column, QUOTE) if column else 'no column'}"
