"""The one place that lists the presets."""

from typing import assert_never

from .base import Agent, AgentName
from .claude import Claude
from .codex import Codex
from .command import Command
from .copilot import Copilot
from .kiro import Kiro


def agent_of(name: AgentName, command: str = "", key_variable: str = "") -> Agent:
    """The preset of this name; `command` and `key_variable` are those of the preset `command`."""
    match name:
        case "command":
            return Command(command, key_variable)
        case "kiro":
            return Kiro()
        case "claude":
            return Claude()
        case "codex":
            return Codex()
        case "copilot":
            return Copilot()
        case _:
            assert_never(name)
