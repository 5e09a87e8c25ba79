"""The progress of an attempt at a work item, as one comment on its issue or pull request (W10).

What the comment says is read from the branch: a task that is done is a commit and a mark in `tasks.md`.
"""

from hashlib import sha256

from functions.domain.redaction import redact
from functions.domain.texts import QUOTE, code, markdown_line
from functions.domain.values import Value
from functions.domain.work_items import State

MARKER = "<!-- kiro-worker:progress -->"
_NEXT: dict[State, str] = {
    "new": "The next attempt starts automatically.",
    "running": "Comment `/kiro stop` to end it.",
    "waiting": "The next attempt starts automatically; comment `/kiro stop` if it shall not.",
    "ineligible": "The item is checked again when something changes.",
    "quarantined": "Comment `/kiro retry`, or move the card, to start the next attempt.",
    "stopped": "Comment `/kiro retry`, or move the card, to start the next attempt.",
    "done": "The pull request is ready for review.",
}


class Progress(Value, frozen=True):
    """How many tasks are done, how many there are, and the title of the first open one ("" if none is).

    `attempt` is the name of the execution, `log` the page of its build's log, "" before the build has one.
    """

    attempt: str
    done: int
    total: int
    current: str
    log: str = ""

    @property
    def digest(self) -> str:
        """Recognises what was shown before: the comment changes with each task, and with the link."""
        facts = "\0".join((self.attempt, str(self.done), str(self.total), self.current, self.log))
        return sha256(facts.encode()).hexdigest()[:16]


def working(progress: Progress) -> str:
    """The comment while the agent works."""
    name = code(progress.attempt, QUOTE)
    shown = progress.log.startswith("https://") and ")" not in progress.log
    build = f"[build]({progress.log})" if shown else "build"
    if progress.current:
        now = f"Task {progress.done + 1} of {progress.total}: {markdown_line(redact(progress.current))}"
    else:
        now = f"All {progress.total} tasks are done; the checks run"
    return f"{MARKER}\n**{now}**\n\nThe agent works in the {build} of attempt {name}. {_NEXT['running']}"


def ended(attempt: str, state: State) -> str:
    """The comment once the attempt has ended, by the state of its item."""
    return f"{MARKER}\nAttempt {code(attempt, QUOTE)} has ended: the item is {state}. {_NEXT[state]}"
