"""`tasks.md`: which tasks are open, and ticking one off.

- [ ] 1. A task            open
- [x] 2. Another           done
  - [ ] 2.1 A part of it   open; a task with parts is done when they are
- [ ]* 3. An optional one  left to people
"""

import re
from dataclasses import dataclass
from pathlib import Path

from .settings import WorkError

_TASK = re.compile(
    r"^(?P<head>\s*[-*] \[)(?P<mark>[ xX-])\](?P<optional>\*?) (?P<id>\d+(?:\.\d+)*)\.?\s+(?P<title>.+)$"
)
_LONGEST_TITLE = 300
_UNNUMBERED = re.compile(r"^\s*[-*] \[[ -]\]\*? (?!\d+(?:\.\d+)*\.?\s)")


@dataclass(frozen=True)
class Task:
    """One line of the list."""

    id: str
    title: str
    done: bool
    optional: bool


def read(file: Path) -> list[Task]:
    """Every task in order; a box without a number is a WorkError that names its line."""
    found: list[Task] = []
    for number, line in enumerate(_lines(file), 1):
        match = _TASK.match(line)
        if match:
            done = match["mark"] in "xX"
            found.append(Task(match["id"], match["title"].strip(), done, bool(match["optional"])))
        elif _UNNUMBERED.match(line):
            raise WorkError(f"{file.name}:{number}: a task without a number: write `- [ ] 1. …`")
    twice = sorted({task.id for task in found if sum(other.id == task.id for other in found) > 1})
    if twice:
        raise WorkError(f"{file.name}: the number {twice[0]} is there twice")
    return found


def leaves(tasks: list[Task]) -> list[Task]:
    """The tasks to do: those without parts, and not the optional ones."""
    return [task for task in tasks if not task.optional and not any(t.id.startswith(f"{task.id}.") for t in tasks)]


def tick(file: Path, task_id: str) -> None:
    """Mark a task as done, and the tasks above it whose parts are all done now."""
    _mark(file, task_id)
    parent = task_id.rpartition(".")[0]
    while parent:
        tasks = read(file)
        parts = [task for task in leaves(tasks) if task.id.startswith(f"{parent}.")]
        if all(task.done for task in parts):
            _mark(file, parent)
        parent = parent.rpartition(".")[0]


def add(file: Path, title: str) -> Task:
    """Put an open task below all others, under the next number."""
    last = max((int(task.id.partition(".")[0]) for task in read(file)), default=0)
    made = Task(str(last + 1), " ".join(title.split())[:_LONGEST_TITLE], done=False, optional=False)
    file.write_text("\n".join([*_lines(file), f"- [ ] {made.id}. {made.title}"]) + "\n", "utf-8")
    return made


def _mark(file: Path, task_id: str) -> None:
    lines = [
        f"{match['head']}x{line[match.end('mark') :]}"
        if (match := _TASK.match(line)) and match["id"] == task_id
        else line
        for line in _lines(file)
    ]
    file.write_text("\n".join(lines) + "\n", "utf-8")


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8", errors="replace").splitlines()
