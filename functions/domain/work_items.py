"""A board item on its way to a pull request: may it be worked on, what became of it, and where its card goes (W1–W8).

    new ──start──▶ running ──passed──▶ done (card in review)
     ▲               ├──failed──▶ waiting (card back in the column) ──start──▶ running
     │               ├──failed for the last time──▶ quarantined (card in the failed column)
     │               ├──ineligible──▶ ineligible (card stays; looked at again when something changed)
     │               └──busy──▶ waiting (the branch is another's; not counted as a failure)
     └──────────── a person moves the card back ────────────────┘

Titles, branches and bodies come from people outside: they are values here, never parts of a command.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

Kind = Literal["issue", "pull request", "draft"]
State = Literal["new", "running", "waiting", "ineligible", "quarantined", "done"]
Result = Literal["passed", "failed", "ineligible", "busy"]

TASKS = "tasks.md"
SPEC_FILES = ("requirements.md", "design.md", TASKS)
# A bugfix spec describes the bug in place of the requirements (kiro.dev/docs/specs).
_INSTEAD = {"requirements.md": "bugfix.md"}
# git takes far longer names; no branch that a person chose is, and it must fit a path and a message.
_BRANCH_LIMIT = 120
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True, slots=True)
class Item:
    """A card as the board tells it; times are ISO 8601, `status_since` is when the card came into its column."""

    item_id: str
    kind: Kind
    title: str
    branch: str
    created_at: str
    status_since: str
    repository: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered of an item: `started` counts executions, `failures` those since a person last moved it."""

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
    revision: int = 0
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """What the board calls its columns."""

    todo: str = "Todo"
    in_progress: str = "In Progress"
    in_review: str = "In Review"
    failed: str = "Failed"

    def of(self, state: State) -> str:
        """Where a card in this state stands; empty: wherever it is."""
        standing: dict[State, str] = {
            "new": "",
            "running": self.in_progress,
            "waiting": self.todo,
            "ineligible": "",
            "quarantined": self.failed,
            "done": self.in_review,
        }
        return standing[state]


@dataclass(frozen=True, slots=True)
class Findings:
    """What GitHub holds for an item: the branch's newest commit, spec files that are there, its pull request.

    `problems` keep the list of tasks from being worked on.
    """

    head: str | None
    files: tuple[str, ...] = ()
    pull_request: int | None = None
    can_open: bool = True
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """What follows from the end of an attempt: the record to keep, where the card goes (empty: it stays), a comment."""

    record: Record
    column: str
    comment: str


def spec_folder(branch: str) -> str:
    """Where the spec of a branch lies (W3)."""
    return f".kiro/specs/{branch}"


def branch_key(repository: str, branch: str) -> str:
    """The lock of a branch."""
    return f"branch/{repository}/{branch}"


def branch_problem(branch: str, namespace: str, main_branch: str) -> str:
    """Why a branch is not worked on; empty when it may be. The name itself is told shortened and quoted."""
    if not branch:
        return "it names no branch"
    told = f"the branch name {shown(branch)}"
    if len(branch) > _BRANCH_LIMIT:
        return f"{told} has {len(branch)} characters, {_BRANCH_LIMIT} allowed"
    if not _BRANCH.fullmatch(branch) or ".." in branch or branch.endswith((".", ".lock")) or ".lock/" in branch:
        return f"{told} is refused: letters, digits, `.`, `_`, `-` and `/` between words are allowed"
    if "./" in branch:
        return f"{told} is refused: no part of it may end in a dot"
    if branch == main_branch:
        return f"{told} is the main branch, which only pull requests change"
    if not branch.startswith(namespace):
        return f"{told} is outside the worker's namespace: let it begin with `{namespace}`"
    return ""


def shown(text: str, limit: int = 60) -> str:
    """A text from outside in a comment: one line, no markup, shortened."""
    line = re.sub(r"[\s`<>@\[\]\x00-\x1f\x7f]+", " ", text).strip()
    return f"`{line if len(line) <= limit else line[: limit - 1] + '…'}`"


def quiet(text: str, limit: int = 4000) -> str:
    """A reason that holds words from outside, in a comment: it calls nobody, hides nothing and forges no marker."""
    told = text.replace("<", "&lt;").replace("@", "@\u200b")
    return told if len(told) <= limit else told[: limit - 1] + "…"


def missing(item: Item, findings: Findings | None, problem: str, repositories: Iterable[str]) -> tuple[str, ...]:
    """Exactly what keeps an item from being worked on; empty when it is eligible."""
    if item.kind == "draft":
        return ("it is a draft: convert it to an issue of the repository it is about",)
    if item.repository not in set(repositories):
        known = ", ".join(sorted(repositories))
        return (f"its repository {shown(item.repository)} is not worked on here; {known} is",)
    if problem:
        return (f"{problem}; name the branch in the card's branch field or in the title",)
    if findings is None or findings.head is None:
        return (f"the branch {shown(item.branch)} does not exist in {item.repository}: create and push it",)
    folder = spec_folder(item.branch)
    lacks = [
        f"`{folder}/{name}`{f' (or `{other}`)' if other else ''} is missing on the branch"
        for name in SPEC_FILES
        if not {name, other := _INSTEAD.get(name, "")}.intersection(findings.files)
    ]
    lacks += [quiet(problem) for problem in findings.problems]
    if findings.pull_request is None and not findings.can_open:
        lacks.append("no pull request can be opened: the branch has no commit that the main branch lacks")
    return tuple(lacks)


def fingerprint(item: Item, head: str | None) -> str:
    """What an ineligible item was judged on: while it stays the same, judging again would say the same."""
    facts = "\0".join((item.repository, item.branch, item.status_since, head or ""))
    return sha256(facts.encode()).hexdigest()[:16]


def oldest_first(items: Iterable[Item]) -> list[Item]:
    """The order of work; the id decides between items of the same second."""
    return sorted(items, key=lambda item: (item.created_at, item.item_id))


def execution_name(item: Item, attempt: int) -> str:
    """Named after item and attempt, in what Step Functions takes: `17-kiro-greet-1a2b3c4d-2`."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", item.branch).strip("-")[:40].strip("-")
    head = f"{item.number}-{words}".strip("-")
    return f"{head}-{sha256(item.item_id.encode()).hexdigest()[:8]}-{attempt}"


def moved_by_a_person(item: Item, record: Record) -> bool:
    """Whether the card came into the column after we last moved it out."""
    return item.status_since > record.moved_at


def wanted(item: Item, record: Record, head: Callable[[], str | None]) -> bool:
    """Whether an item in the column is to be started now; `head` is asked only where it matters."""
    if record.state == "running":
        return False
    if record.state in ("quarantined", "done"):
        return moved_by_a_person(item, record)
    if record.state == "ineligible":
        return record.seen != fingerprint(item, head())
    return True


def begun(item: Item, record: Record, workflow_arn: str) -> Record:
    """The record of an attempt that starts now; a person who moved the card gave it all its attempts back."""
    freed = record.state in ("quarantined", "done") and moved_by_a_person(item, record)
    attempt = record.started + 1
    return replace(
        record,
        state="running",
        started=attempt,
        failures=0 if freed else record.failures,
        execution=f"{workflow_arn.replace(':stateMachine:', ':execution:')}:{execution_name(item, attempt)}",
        branch=branch_key(item.repository, item.branch),
        item=item,
    )


def chosen(
    items: Sequence[Item],
    records: Mapping[str, Record],
    taken: Iterable[str],
    free: int,
    head: Callable[[Item], str | None],
) -> list[Item]:
    """The items to start: oldest first, one per branch, no more than there is handler for."""
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
    """What follows from an attempt; attempts end with quarantine, which only a person ends (W8)."""
    if result == "passed":
        return _ending(replace(record, state="done", failures=0, reason=""), columns, "")
    if result == "busy":
        return _ending(replace(record, state="waiting", reason=reason), columns, "")
    if result == "ineligible":
        return _ending(replace(record, state="ineligible", reason=reason, seen=seen), columns, reason)
    failures = record.failures + 1
    if failures >= attempts:
        last = "the card is not taken again until a person moves it"
        said = f"{quiet(reason)}\n\nThis was attempt {failures} of {attempts}: {last}."
        return _ending(replace(record, state="quarantined", failures=failures, reason=reason), columns, said)
    said = f"{quiet(reason)}\n\nThis was attempt {failures} of {attempts}: the next one starts by itself."
    return _ending(replace(record, state="waiting", failures=failures, reason=reason), columns, said)


def _ending(record: Record, columns: Columns, comment: str) -> Ending:
    """The same comment is not made twice in a row."""
    column = columns.of(record.state)
    told = sha256(comment.encode()).hexdigest()[:16] if comment else ""
    if comment and told == record.told:
        return Ending(record, column, "")
    return Ending(replace(record, told=told or record.told), column, comment)


def ineligible_reason(lacks: Sequence[str]) -> str:
    """The comment on an item that can't be worked on: exactly what is missing."""
    return "This item can't be worked on yet:\n\n" + "\n".join(f"- {lack}" for lack in lacks)
