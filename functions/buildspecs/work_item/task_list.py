"""Reads a spec's `tasks.md`: the tasks, the lines of their checkboxes, and problems.

    - [ ] 1. A task              open, as is every mark but `x`: `[-]` is in progress, `[~]` queued
      - [x] 1.1 A part of it     done; a task with parts is done when they are
      - [ ]* 1.2 An optional one left to people, with its parts
      - [ ] a step               a box without a number: a checklist of the task above
    1. [ ] A task                numbered by the list itself

If no box has a number, those of the outermost lists are numbered from 1. Markdown defines what is a list, a part, a
code block or a comment. A line that looks like an open task but is no list item is a problem: no task may be missed.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

_SIZE_LIMIT = 256 * 1024
_MOST_PROBLEMS = 5
# Formatters write `[ ]\*` for `[ ]*`. A link, `[x](…)`, is no box.
_BOX = re.compile(r"\[(?P<mark>[^\[\]]{0,3})\](?![(\[:])(?P<optional>\\?\*(?!\*))?\s*(?P<title>.*)")
_TITLE = re.compile(
    r"(?P<strong>[*_]{0,3})(?:task\s+)?(?P<number>\d+(?:\.\d+)*)(?P<optional>\*)?(?:[.):](?!\d)\s*|\s+|$)(?P<title>.*)",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s+(?P<rest>\[.*)")
# Also below bullets that Markdown does not know, in headings and tables, and with boxes that are characters.
_LOOKS_OPEN = re.compile(
    r"\s*(?:(?:[-*+•‣◦▪●–—|]|#{1,6}|\d{1,9}[.)])\s*\[[ ~/-]?\]|\[[ ~-]\]|(?:[-*+]\s*)?[☐⬜◻□])"  # noqa: RUF001
    r"(?!\()\\?\*?\s*(?P<title>\S.*)"
)
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class Task:
    """A task; `line` counts from 1. `nth` counts tasks of the same number and title from 0.

    A task without a number has the id "" and only contains others.
    """

    id: str
    title: str
    done: bool
    optional: bool
    line: int
    nth: int = 0


@dataclass(frozen=True)
class TaskList:
    """All tasks in order; `parents` are the indexes of the tasks around them. With problems, no task may start."""

    tasks: tuple[Task, ...] = ()
    parents: tuple[int | None, ...] = ()
    problems: tuple[str, ...] = ()

    def work(self) -> list[Task]:
        """The tasks for the agent, done or open: not optional, and not done by doing their parts."""
        parts = self._parts()
        return [
            one
            for place, one in enumerate(self.tasks)
            if one.id and not one.optional and not (parts[place] and (one.done or not _all_done(parts[place])))
        ]

    def finished(self) -> list[Task]:
        """Open tasks whose parts are all done, except optional ones."""
        parts = self._parts()
        return [
            one
            for place, one in enumerate(self.tasks)
            if not one.done and not one.optional and parts[place] and _all_done(parts[place])
        ]

    def parent(self, task: Task) -> Task | None:
        """The task that contains a task; None for an outermost one."""
        place = self.parents[self.tasks.index(task)]
        return None if place is None else self.tasks[place]

    def _parts(self) -> list[list[Task]]:
        """The parts of each task that are not optional."""
        parts: list[list[Task]] = [[] for _ in self.tasks]
        for task, parent in zip(self.tasks, self.parents, strict=True):
            if parent is not None and not task.optional:
                parts[parent].append(task)
        return parts


def _all_done(tasks: Iterable[Task]) -> bool:
    return all(task.done for task in tasks)


@dataclass(frozen=True)
class _Box:
    """A checkbox on a line (from 1); `around` is the index of the box that contains it."""

    line: int
    mark: str
    number: str
    title: str
    optional: bool
    around: int | None


@dataclass
class _Item:
    """A list item while it is read: its first line (from 0), its number in an ordered list, the index of its box."""

    line: int
    ordinal: str
    box: int | None = None


@dataclass
class _Reading:
    """The boxes found so far; `hidden` are the lines (from 0) of code, quotes and comments."""

    boxes: list[_Box] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    items: list[_Item] = field(default_factory=list)
    ordinals: list[int] = field(default_factory=list)
    quotes: int = 0

    def take(self, token: Token) -> None:
        """Read the next token of the document."""
        lines = token.map or [0, 0]
        if token.type == "fence" or (token.type == "html_block" and token.content.lstrip().startswith("<!--")):
            self.hidden.update(range(*lines))
        elif token.type == "blockquote_open":
            self.quotes += 1
            self.hidden.update(range(*lines))
        elif token.type == "blockquote_close":
            self.quotes -= 1
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            self.ordinals.append(0)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self.ordinals.pop()
        elif token.type == "list_item_open":
            if token.info:  # an ordered list may count 1, 1, 1
                self.ordinals[-1] = max(int(token.info), self.ordinals[-1] + 1)
            self.items.append(_Item(lines[0], str(self.ordinals[-1] or "")))
        elif token.type == "list_item_close":
            self.items.pop()
        elif token.type == "inline" and self.items and not self.quotes:
            self._text(token.content.split("\n"), lines[0])

    def _text(self, texts: Sequence[str], first: int) -> None:
        """Read a paragraph of an item; Markdown includes a list that is indented too far."""
        item = self.items[-1]
        for line, text in enumerate(texts, first):
            if line == item.line and item.box is None:
                item.box = self._box(line, text, item.ordinal)
            elif listed := _LISTED.match(text):
                self._box(line, listed["rest"], "")

    def _box(self, line: int, text: str, ordinal: str) -> int | None:
        found = _BOX.match(text)
        if not found:
            return None
        mark, title = found["mark"].strip(), _TITLE.match(found["title"])
        if title is None and mark.isalnum() and mark not in "xX":
            return None  # `- [1] A source` is a reference
        around = next((item.box for item in reversed(self.items) if item.box is not None), None)
        if title is None and ordinal and around is not None and self.boxes[around].number:
            ordinal = f"{self.boxes[around].number}.{ordinal}"
        number = title["number"] if title else ordinal
        words = (title or found)["title"]
        if title and title["strong"]:
            words = words.replace(title["strong"], "", 1)
        optional = bool(found["optional"] or (title and title["optional"]))
        self.boxes.append(_Box(line + 1, mark, number, _readable(words), optional, around))
        return len(self.boxes) - 1


def read_tasks(raw: bytes, name: str = "tasks.md") -> TaskList:
    """The tasks of a list, with its problems; `name` is the file's name in their texts."""
    if len(raw) > _SIZE_LIMIT:
        return TaskList(problems=(f"{name}: {len(raw)} bytes, {_SIZE_LIMIT} allowed",))
    lines = [line.decode("utf-8", "surrogateescape").removeprefix("\ufeff") for line in _LINE_ENDS.split(raw)]
    # People write code in fences. Markdown's indented code is disabled: a list that is indented too far is no code.
    markdown = MarkdownIt("commonmark").disable(["code", "reference", "inline"])
    reading = _Reading()
    for token in markdown.parse("\n".join(lines)):
        reading.take(token)
    numbered = any(box.number for box in reading.boxes)
    tasks, parents = _tasks(reading.boxes if numbered else _by_position(reading.boxes))
    problems = [*_strays(lines, reading, name, numbered=numbered), *_above(reading.boxes, tasks, name)]
    if not any(task.id for task in tasks):
        problems.append(f"{name}: no task was found: write each as `- [ ] 1. What to do`")
    elif all(task.optional for task in tasks if task.id):
        problems.append(f"{name}: every task is optional, and people do optional tasks: remove the `*` from one")
    return TaskList(tasks, parents, tuple(problems[:_MOST_PROBLEMS]))


def ticked(raw: bytes, line: int) -> bytes:
    """The list with the box of this line marked `x`; no other byte changes."""
    starts = [0, *(end.end() for end in _LINE_ENDS.finditer(raw))]
    opened = raw.index(b"[", starts[line - 1])
    return raw[: opened + 1] + b"x" + raw[raw.index(b"]", opened) :]


def _tasks(boxes: Sequence[_Box]) -> tuple[tuple[Task, ...], tuple[int | None, ...]]:
    """The tasks with their parents: boxes with a number, and boxes that contain one.

    The parent of 2.1 is 2, if there is one, else the box around it.
    """
    kept = {place for place, box in enumerate(boxes) if box.number}
    for place in range(len(boxes) - 1, -1, -1):  # the content of a box comes after it
        around = boxes[place].around
        if place in kept and around is not None:
            kept.add(around)
    places = {place: number for number, place in enumerate(sorted(kept))}
    tasks: list[Task] = []
    parents: list[int | None] = []
    counts: dict[tuple[str, str], int] = {}
    last: dict[str, int] = {}
    for place, number in places.items():
        box = boxes[place]
        parent = _by_number(box.number, last)
        if parent is None and box.around is not None:
            parent = places[box.around]
        nth = counts[box.number, box.title] = counts.get((box.number, box.title), -1) + 1
        optional = box.optional or (parent is not None and tasks[parent].optional)
        tasks.append(Task(box.number, box.title, box.mark in ("x", "X"), optional, box.line, nth))
        parents.append(parent)
        last[box.number] = number
    return tuple(tasks), tuple(parents)


def _by_number(number: str, last: dict[str, int]) -> int | None:
    """The index of the last task before whose number this one continues: 2.1 is a part of 2."""
    above = number.rpartition(".")[0]
    while above:
        if above in last:
            return last[above]
        above = above.rpartition(".")[0]
    return None


def _by_position(boxes: Iterable[_Box]) -> list[_Box]:
    """The boxes of a list without numbers: the outermost are numbered, those within are their steps."""
    outermost = [box for box in boxes if box.around is None]
    return [replace(box, number=str(number)) for number, box in enumerate(outermost, 1)]


def _strays(lines: Sequence[str], reading: _Reading, name: str, *, numbered: bool) -> list[str]:
    """Problems of lines that look like an open task, but are no list items according to Markdown."""
    known = {box.line for box in reading.boxes}
    found = (
        (number, line, match)
        for number, line in enumerate(lines, 1)
        if number not in known and number - 1 not in reading.hidden and (match := _LOOKS_OPEN.match(line))
    )
    return [
        f"{name}:{number}: `{line.strip()[:60]}` looks like a task but is no list item: write `- [ ] 1. What to do`"
        for number, line, match in found
        if not numbered or _TITLE.match(match["title"])
    ]


def _above(boxes: Sequence[_Box], tasks: Sequence[Task], name: str) -> list[str]:
    """Problems of open boxes before the first task: they belong to no task."""
    first, known = min((task.line for task in tasks), default=0), {task.line for task in tasks}
    return [
        f"{name}:{box.line}: `{box.title[:60]}` comes before the first task and has no number: give it one, or tick it"
        for box in boxes
        if box.line < first and box.line not in known and box.mark not in ("x", "X")
    ]


def _readable(text: str) -> str:
    """A title as text; one that is not UTF-8 is read as Windows-1252."""
    raw = text.strip().encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
