"""What a preset says of an agent: how it is installed, called, given its key, and understood (W9)."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from ..processes import Ran

AgentName = Literal["command", "kiro", "claude", "codex", "copilot"]
"""The presets; `registry.py` has one class for each."""

_PROMPT = """\
Work on task {task} of the spec in {spec}: {title}

Read requirements.md (or bugfix.md), design.md and tasks.md of the spec first, and the files in .kiro/steering.
Do this task and no other, with the tests that show it. Run the tests.
Do not commit, push or switch branches, and do not change the marks in tasks.md: the build does that when you end.
Nobody can answer questions. If the task can't be done, end your answer with one line: BLOCKED: and the reason."""
# Terminal colours; some agents write them into pipes, too.
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BLOCKED = re.compile(r"\W*BLOCKED:\s*(\S.*)")
# Some agents write a line about cost or time below their answer.
_LAST_LINES = 4


@dataclass(frozen=True)
class Job:
    """One run of the agent: the folder of the spec, number and title of the task, and what it may cost in US dollars.

    A budget of 0 is no limit.
    """

    spec: str
    task: str
    title: str
    budget_usd: float = 0.0

    def prompt(self) -> str:
        """The prompt of this job; the title is text of the branch."""
        return _PROMPT.format(spec=self.spec, task=self.task, title=self.title)


class Agent(ABC):
    """One preset. Its program is run as the sandbox's user, in the working copy."""

    version: ClassVar[str] = ""
    """The version that is installed unless a setting names another; "" if the preset installs nothing."""
    budget: ClassVar[bool] = False
    """Whether the agent itself can end a run at an amount of money."""
    programs: ClassVar[str] = ""
    """The folder of the installed program, relative to that of the installation."""
    variables: ClassVar[Mapping[str, str]] = {}
    """Variables that the agent gets besides its key."""

    @property
    @abstractmethod
    def key_variable(self) -> str:
        """The variable in which the agent expects its key; "" if it gets none."""

    def install(self, version: str) -> Sequence[tuple[str, ...]]:  # noqa: ARG002 - for presets that install something
        """The commands that install the program into the current folder; they run without a key."""
        return ()

    @abstractmethod
    def command(self, job: Job) -> list[str]:
        """The command line of one run."""

    def read(self, ran: Ran) -> Ran:
        """What a run means: exit code 0 is done, unless the answer says that the task is blocked."""
        return blocked(ran)


def from_npm(package: str) -> tuple[str, ...]:
    """The command that installs a package of npm into the current folder, with its programs in `node_modules/.bin`."""
    return ("npm", "install", "--prefix", ".", "--no-audit", "--no-fund", package)


def blocked(ran: Ran) -> Ran:
    """The run as failed, if the last lines of its output say that the task is blocked."""
    lines = [line for line in _COLOUR.sub("", ran.output).splitlines() if line.strip()]
    if ran.outcome == "done" and any(_BLOCKED.match(line) for line in lines[-_LAST_LINES:]):
        return replace(ran, outcome="failed")
    return ran
