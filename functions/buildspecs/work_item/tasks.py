"""Changes the task list of a working copy: marks a task as done, or adds one. Other bytes do not change."""

from pathlib import Path

from .task_list import Task, TaskList, read_tasks, ticked

_LONGEST_TITLE = 300


def read(file: Path) -> TaskList:
    """The current content of the file."""
    return read_tasks(file.read_bytes(), file.name)


def tick(file: Path, task: Task) -> None:
    """Mark a task as done, even if its line changed, and the tasks that contain it if all their parts are done."""
    found = [one for one in read(file).tasks if (one.id, one.title) == (task.id, task.title)]
    if len(found) <= task.nth:
        return  # the agent removed the task from the list
    _mark(file, found[task.nth])
    above = read(file).parent(_same(file, found[task.nth]))
    while above is not None and above in read(file).finished():
        _mark(file, above)
        above = read(file).parent(_same(file, above))


def add(file: Path, title: str) -> Task:
    """Append an open task with the next number, and return it."""
    known = read(file)
    raw = file.read_bytes()
    end = b"\r\n" if b"\r\n" in raw else b"\n"
    words = " ".join(title.split())[:_LONGEST_TITLE]
    number = max((int(task.id.partition(".")[0]) for task in known.tasks if task.id), default=0) + 1
    start = raw if not raw or raw.endswith((b"\n", b"\r")) else raw + end
    file.write_bytes(start + f"- [ ] {number}. {words}".encode() + end)
    return next(task for task in reversed(read(file).tasks) if task.title == words)


def _mark(file: Path, task: Task) -> None:
    if not task.done:
        file.write_bytes(ticked(file.read_bytes(), task.line))


def _same(file: Path, task: Task) -> Task:
    """The task of the same line, read again after a mark was changed."""
    return next(one for one in read(file).tasks if one.line == task.line)
