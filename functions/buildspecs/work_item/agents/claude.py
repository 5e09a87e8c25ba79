"""Claude Code in print mode.

https://code.claude.com/docs/en/headless (print mode, the JSON result)
https://code.claude.com/docs/en/cli-reference (flags), https://code.claude.com/docs/en/env-vars

The help and a run of the pinned version show: `--bare` loads neither hooks nor MCP servers nor instructions of the
branch, and reads the key from ANTHROPIC_API_KEY only; `--dangerously-skip-permissions` is refused to root; a refused
key ends with exit code 1.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ..processes import Ran
from .base import Agent, Job, blocked, from_npm


class Claude(Agent):
    """Claude Code stops at `--max-budget-usd`."""

    version = "2.1.332"
    budget = True
    programs = "node_modules/.bin"
    key_variable = "ANTHROPIC_API_KEY"
    variables: ClassVar[Mapping[str, str]] = {
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }

    def install(self, version: str) -> Sequence[tuple[str, ...]]:
        """From npm."""
        return (from_npm(f"@anthropic-ai/claude-code@{version}"),)

    def command(self, job: Job) -> list[str]:
        """Nobody can approve a tool, so none asks; the sandbox bounds them."""
        words = ["claude", "--bare", "-p", "--output-format", "json", "--no-session-persistence"]
        budget = ["--max-budget-usd", f"{job.budget_usd:g}"] if job.budget_usd else []
        return [*words, "--dangerously-skip-permissions", *budget, "--", job.prompt()]

    def read(self, ran: Ran) -> Ran:
        """The result says whether the run ended by itself; its answer is the output for people."""
        result = _result(ran.output)
        if result is None:
            return ran if ran.outcome != "done" else replace(ran, outcome="failed")
        answer = str(result.get("result", ""))
        answered = blocked(replace(ran, output=answer))
        good = result.get("subtype") == "success" and not result.get("is_error")
        cost, turns = result.get("total_cost_usd", 0), result.get("num_turns", 0)
        end = result.get("terminal_reason", "error") if result.get("is_error") else result.get("subtype")
        ended = f"claude: {end}, {turns} turns, {cost:.2f} USD"
        outcome = answered.outcome if good or ran.outcome != "done" else "failed"
        return replace(ran, outcome=outcome, output=f"{answer}\n\n{ended}\n")


def _result(output: str) -> dict[str, Any] | None:
    """The last line that is a result; errors of the program are lines of other forms."""
    for line in reversed(output.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and found.get("type") == "result":
            return found
    return None
