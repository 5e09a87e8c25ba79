"""A small coding agent for the laptop: it makes exactly the edits that the design holds, the same on every run.

    agent.py --spec .kiro/specs/kiro/greet --task 1

In `design.md`, every fenced block below the heading `## Task 1` whose info string names a file is one edit:

    ```python write=src/hours.py       the file's new content
    ```python append=src/hello.py      appended to the file
    ```python replace=src/hello.py     the part above the line `=======` is replaced by the part below it
    ```text wait=5                     a pause of so many seconds
    ```text until=/tmp/go              a pause until that file exists

A task without an edit, or an edit that does not fit, is an error: the agent never makes up code.
"""

import argparse
import re
import sys
import time
from pathlib import Path

_BLOCK = re.compile(r"^```\w* (write|append|replace|wait|until)=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PARTS = "=======\n"


class AgentError(Exception):
    """The design can't be carried out; the text names the place."""


def edits(design: str, task: str) -> list[tuple[str, str, str]]:
    """Kind, file and content of every edit of a task."""
    heading = re.search(rf"^## Task {re.escape(task)}\b.*?$", design, re.MULTILINE)
    if heading is None:
        raise AgentError(f"design.md has no heading `## Task {task}`")
    rest = design[heading.end() :]
    following = re.search(r"^## ", rest, re.MULTILINE)
    found = _BLOCK.findall(rest[: following.start()] if following else rest)
    if not found:
        raise AgentError(f"design.md has no edit below `## Task {task}`")
    return found


def apply(root: Path, kind: str, name: str, content: str) -> str:
    """Make one edit; returns a line that describes it."""
    if kind == "wait":
        time.sleep(float(name))
        return f"waited {name} s"
    if kind == "until":
        while not Path(name).exists():
            time.sleep(0.05)
        return f"waited for {name}"
    file = root / name
    if not file.resolve().is_relative_to(root.resolve()):
        raise AgentError(f"{name} is outside the repository")
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text("utf-8") if file.exists() else ""
    if kind == "write":
        after = content
    elif kind == "append":
        after = before + content
    else:
        old, found, new = content.partition(_PARTS)
        if not found or before.count(old) != 1:
            raise AgentError(f"{name}: the part to replace occurs {before.count(old)} times, expected once")
        after = before.replace(old, new)
    file.write_text(after, "utf-8")
    return f"{kind} {name}: {len(after.splitlines())} lines"


def main(words: list[str], root: Path) -> int:
    """Exit status: 0 when the task was done, 1 with the reason on stderr."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--spec", required=True)
    parser.add_argument("--task", required=True)
    given = parser.parse_args(words)
    try:
        design = (root / given.spec / "design.md").read_text("utf-8")
        for edit in edits(design, given.task):
            sys.stdout.write(f"{apply(root, *edit)}\n")
    except (AgentError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
