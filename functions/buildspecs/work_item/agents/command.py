"""Any command that the image has: `worker.agentCommand`, such as `aider --yes-always --message …`."""

import re
import shlex

from ..processes import Ran
from .base import Agent, Job

_PLACEHOLDER = re.compile(r"\{(spec|task|title|prompt)\}")


class Command(Agent):
    """A command line that is split like a shell command and runs without a shell; exit code 0 is done."""

    def __init__(self, command: str, key_variable: str) -> None:
        self._command = command
        self._key_variable = key_variable

    @property
    def key_variable(self) -> str:
        """Named by the setting `worker.agentKeyVariable`."""
        return self._key_variable

    def command(self, job: Job) -> list[str]:
        """Placeholders are replaced after splitting, so that a value stays one word."""
        values = {"spec": job.spec, "task": job.task, "title": job.title, "prompt": job.prompt()}
        return [_PLACEHOLDER.sub(lambda found: values[found[1]], word) for word in shlex.split(self._command)]

    def read(self, ran: Ran) -> Ran:
        """The exit code alone says whether the task is done."""
        return ran
