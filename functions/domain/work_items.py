"""The states of a work item: when an attempt starts, what follows from its end, and the card's column (W1–W8).

    new ──start──▶ running ──passed──▶ done (card in review)
     ▲               ├──failed──▶ waiting (card back in the column) ──start──▶ running
     │               ├──failed for the last time──▶ quarantined (card in the failed column)
     │               ├──ineligible──▶ ineligible (card stays; checked again after a change)
     │               ├──busy──▶ waiting (another execution owns the branch; not counted as a failure)
     │               └──stopped──▶ stopped (by a comment: card in the failed column; by the card: it stays)
     └──────────── a person moves the card back ────────────────┘

Titles, branches and bodies come from outside. They are values, and never become part of a command.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Literal

from msgspec.structs import replace

from functions.domain.texts import QUOTE, aws_name, code, markdown
from functions.domain.values import Value

Kind = Literal["issue", "pull request", "draft"]
State = Literal["new", "running", "waiting", "ineligible", "quarantined", "done", "stopped"]
Result = Literal["passed", "failed", "ineligible", "busy", "stopped"]

TASKS = "tasks.md"
SPEC_FILES = ("requirements.md", "design.md", TASKS)
# A bugfix spec has a description of the bug in place of the requirements (kiro.dev/docs/specs).
_INSTEAD = {"requirements.md": "bugfix.md"}
# States that only a person ends.
_FOR_A_PERSON: tuple[State, ...] = ("quarantined", "done", "stopped")
# git allows longer names, but the name must fit into a path and into messages.
_BRANCH_LIMIT = 120
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class Item(Value, frozen=True):
    """A card of the board; times are ISO 8601, `status_since` is when the card entered its column."""

    item_id: str
    kind: Kind
    title: str
    branch: str
    created_at: str
    status_since: str
    repository: str = ""
    number: int = 0


class Stop(Value, frozen=True):
    """Why the running attempt is stopped: `by` a login, or because a person moved the `card`."""

    by: str
    card: bool = False


class Record(Value, frozen=True):
    """The record of an item.

    `started` counts its executions, `failures` the failed ones since a person last moved the card. `seen` is the
    fingerprint on which it was found ineligible. `moved_at` (ISO 8601) is when the platform last moved the card. `told`
    is the digest of the last comment, `progress` that of what the comment on the progress says. `stop` is a person's
    wish, written before the execution is stopped. `revision` is for the conditional write.
    """

    item_id: str
    state: State = "new"
    started: int = 0
    failures: int = 0
    execution: str = ""
    branch: str = ""
    reason: str = ""
    seen: str = ""
    moved_at: str = ""
    told: str = ""
    progress: str = ""
    revision: int = 0
    item: Item | None = None
    stop: Stop | None = None


class Columns(Value, frozen=True):
    """The names of the board's columns."""

    todo: str = "Todo"
    in_progress: str = "In Progress"
    in_review: str = "In Review"
    failed: str = "Failed"

    def of(self, state: State) -> str:
        """The column of a card in this state; empty if the card stays where it is."""
        columns: dict[State, str] = {
            "new": "",
            "running": self.in_progress,
            "waiting": self.todo,
            "ineligible": "",
            "quarantined": self.failed,
            "stopped": self.failed,
            "done": self.in_review,
        }
        return columns[state]


class Findings(Value, frozen=True):
    """The state of an item on GitHub: the branch's newest commit, its spec files, the number of its pull request.

    `can_open` says whether a pull request can be opened. `problems` are faults of `tasks.md` that prevent work on it.
    """

    head: str | None
    files: tuple[str, ...] = ()
    pull_request: int | None = None
    can_open: bool = True
    problems: tuple[str, ...] = ()


class Ending(Value, frozen=True):
    """What follows from the end of an attempt: the record to save, the card's column (empty: it stays), a comment."""

    record: Record
    column: str
    comment: str


def spec_folder(branch: str) -> str:
    """The folder of a branch's spec (W3)."""
    return f".kiro/specs/{branch}"


def branch_key(repository: str, branch: str) -> str:
    """The key of a branch's lock."""
    return f"branch/{repository}/{branch}"


def branch_problem(branch: str, namespace: str, main_branch: str) -> str:
    """Why a branch is refused; empty if it is not. The text contains the name shortened and quoted."""
    if not branch:
        return "it names no branch"
    named = f"the branch name {code(branch, QUOTE)}"
    if len(branch) > _BRANCH_LIMIT:
        return f"{named} has {len(branch)} characters, {_BRANCH_LIMIT} allowed"
    if not _BRANCH.fullmatch(branch) or ".." in branch or branch.endswith((".", ".lock")) or ".lock/" in branch:
        return f"{named} is refused: letters, digits, `.`, `_`, `-` and `/` between words are allowed"
    if "./" in branch:
        return f"{named} is refused: no part of it may end in a dot"
    if branch == main_branch:
        return f"{named} is the main branch, which only pull requests change"
    if not branch.startswith(namespace):
        return f"{named} is outside the worker's namespace: rename the branch so that it begins with `{namespace}`"
    return ""


def missing(item: Item, findings: Findings | None, problem: str, repositories: Iterable[str]) -> tuple[str, ...]:
    """Everything that makes an item ineligible, one text each; empty if it is eligible.

    `findings` is None if the branch was not read; `problem` is why the branch name is refused.
    """
    if item.kind == "draft":
        return ("it is a draft: convert it to an issue of its repository",)
    if item.repository not in set(repositories):
        known = ", ".join(sorted(repositories))
        return (f"its repository {code(item.repository, QUOTE)} is not one of the worker's repositories ({known})",)
    if problem:
        return (f"{problem}; name the branch in the card's branch field or in the title",)
    if findings is None or findings.head is None:
        return (f"the branch {code(item.branch, QUOTE)} does not exist in {item.repository}: create and push it",)
    folder = spec_folder(item.branch)
    lacks = [
        f"`{folder}/{name}`{f' (or `{other}`)' if other else ''} is missing on the branch"
        for name in SPEC_FILES
        if not {name, other := _INSTEAD.get(name, "")}.intersection(findings.files)
    ]
    lacks += [markdown(problem) for problem in findings.problems]
    if findings.pull_request is None and not findings.can_open:
        lacks.append("no pull request can be opened: the branch has no commit that is not on the main branch")
    return tuple(lacks)


def fingerprint(item: Item, head: str | None) -> str:
    """A digest of the inputs of the eligibility check: while it is the same, so is the result."""
    facts = "\0".join((item.repository, item.branch, item.status_since, head or ""))
    return sha256(facts.encode()).hexdigest()[:16]


def oldest_first(items: Iterable[Item]) -> list[Item]:
    """The items in the order of work; items of the same second are ordered by id."""
    return sorted(items, key=lambda item: (item.created_at, item.item_id))


def execution_name(item: Item, attempt: int) -> str:
    """The execution name of an attempt, in characters that Step Functions allows: `17-kiro-greet-1a2b3c4d-2`."""
    words = aws_name(item.branch, 40)
    head = f"{item.number}-{words}".strip("-")
    return f"{head}-{sha256(item.item_id.encode()).hexdigest()[:8]}-{attempt}"


def moved_by_a_person(item: Item, record: Record) -> bool:
    """Whether the card entered its column after the platform last moved it."""
    return item.status_since > record.moved_at


def wanted(item: Item, record: Record, head: Callable[[], str | None]) -> bool:
    """Whether to start an attempt at an item of the column; `head` (the branch's commit) is called only if needed."""
    if record.state == "running":
        return False
    if record.state in _FOR_A_PERSON:
        return moved_by_a_person(item, record)
    if record.state == "ineligible":
        return record.seen != fingerprint(item, head())
    return True


def begun(item: Item, record: Record, workflow_arn: str) -> Record:
    """The record of an attempt that starts now; when a person has moved the card, failures are counted from 0 again."""
    reset = record.state in _FOR_A_PERSON and moved_by_a_person(item, record)
    attempt = record.started + 1
    return replace(
        record,
        state="running",
        started=attempt,
        failures=0 if reset else record.failures,
        execution=f"{workflow_arn.replace(':stateMachine:', ':execution:')}:{execution_name(item, attempt)}",
        branch=branch_key(item.repository, item.branch),
        item=item,
        stop=None,
    )


def chosen(
    items: Sequence[Item],
    records: Mapping[str, Record],
    taken: Iterable[str],
    free: int,
    head: Callable[[Item], str | None],
) -> list[Item]:
    """The items to start: oldest first, one per branch, at most `free`; `taken` are the branch keys already in work."""
    busy, found = set(taken), list[Item]()
    for item in oldest_first(items):
        if len(found) >= free:
            break
        key = branch_key(item.repository, item.branch)
        record = records.get(item.item_id, Record(item.item_id))
        if key not in busy and wanted(item, record, lambda item=item: head(item)):  # type: ignore[misc]
            busy.add(key)
            found.append(item)
    return found


def ended(record: Record, result: Result, reason: str, attempts: int, columns: Columns, seen: str = "") -> Ending:
    """What follows from an attempt. After `attempts` failures the item is quarantined until a person acts (W8).

    An attempt that a person stopped is no failure; one that passed nevertheless has passed.
    """
    if record.stop and result != "passed":
        return _ended_by_a_person(record, record.stop, columns)
    record = replace(record, stop=None)
    if result == "passed":
        return _ending(replace(record, state="done", failures=0, reason=""), columns, "")
    if result == "busy":
        return _ending(replace(record, state="waiting", reason=reason), columns, "")
    if result == "ineligible":
        return _ending(replace(record, state="ineligible", reason=reason, seen=seen), columns, reason)
    failures = record.failures + 1
    if failures >= attempts:
        next_step = "No further attempt starts until a person moves the card."
        comment = f"{markdown(reason)}\n\nThis was attempt {failures} of {attempts}. {next_step}"
        return _ending(replace(record, state="quarantined", failures=failures, reason=reason), columns, comment)
    comment = f"{markdown(reason)}\n\nThis was attempt {failures} of {attempts}. The next one starts automatically."
    return _ending(replace(record, state="waiting", failures=failures, reason=reason), columns, comment)


def _ended_by_a_person(record: Record, stop: Stop, columns: Columns) -> Ending:
    """A comment was answered already, and a card that a person moved stays there."""
    reason = stop.by if stop.card else f"stopped by {stop.by}"
    stopped = replace(record, state="stopped", stop=None, reason=reason)
    ending = _ending(stopped, columns, "")
    return replace(ending, column="") if stop.card else ending


def _ending(record: Record, columns: Columns, comment: str) -> Ending:
    """The ending, without its comment if that is the same as the last one."""
    column = columns.of(record.state)
    digest = sha256(comment.encode()).hexdigest()[:16] if comment else ""
    if comment and digest == record.told:
        return Ending(record, column, "")
    return Ending(replace(record, told=digest or record.told), column, comment)


def ineligible_reason(lacks: Sequence[str]) -> str:
    """The comment on an ineligible item: a list of everything that is missing."""
    return "This item can't be worked on yet:\n\n" + "\n".join(f"- {lack}" for lack in lacks)
