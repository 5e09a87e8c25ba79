"""Codex CLI in non-interactive mode.

https://developers.openai.com/codex/noninteractive (`codex exec`, CODEX_API_KEY, events of `--json`, sandbox modes)
https://developers.openai.com/codex/cli/reference (flags)

An event `error` may be a retry; `turn.failed` is the end, also when the exit code is 0.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..processes import Ran
from .base import Agent, Job, blocked, from_npm


class Codex(Agent):
    """Codex has no limit of its own; the time limit of a task ends it."""

    version = "0.171.0"
    programs = "node_modules/.bin"
    key_variable = "CODEX_API_KEY"

    def install(self, version: str) -> Sequence[tuple[str, ...]]:
        """From npm."""
        return (from_npm(f"@openai/codex@{version}"),)

    def command(self, job: Job) -> list[str]:
        """Its own sandbox is off: it needs rights that the user of ours has not."""
        words = ["codex", "exec", "--json", "--ephemeral", "--ignore-rules", "--sandbox", "danger-full-access"]
        return [*words, job.prompt()]

    def read(self, ran: Ran) -> Ran:
        """The messages of the agent are the output for people; a failed turn has not done the task."""
        said, failed = list[str](), ""
        for event in _events(ran.output):
            kind, item = event.get("type"), event.get("item")
            if kind == "item.completed" and isinstance(item, dict) and item.get("type") == "agent_message":
                said.append(str(item.get("text", "")))
            elif kind == "turn.failed":
                failed = f"codex: {_message(event)}"
        if not said and not failed:
            return ran
        read = blocked(replace(ran, output="\n\n".join([*said, *filter(None, [failed])]) + "\n"))
        return replace(read, outcome="failed") if failed and read.outcome == "done" else read


def _events(output: str) -> Iterator[dict[str, Any]]:
    """The events among the lines of output; others are warnings."""
    for line in output.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def _message(event: dict[str, Any]) -> str:
    error = event.get("error")
    return str(error.get("message", error) if isinstance(error, dict) else error or "the turn failed")
