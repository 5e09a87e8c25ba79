"""GitHub Copilot CLI, programmatically.

https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-programmatic-reference (flags and variables)

COPILOT_GITHUB_TOKEN goes before GH_TOKEN and GITHUB_TOKEN. It is a fine-grained token with the permission *Copilot
Requests*. By the help of the pinned version, `--secret-env-vars` takes the variable from the shells and MCP servers.
"""

from collections.abc import Sequence

from .base import Agent, Job, from_npm


class Copilot(Agent):
    """Copilot is limited by AI credits and not by money; the time limit of a task ends it."""

    version = "1.0.102"
    programs = "node_modules/.bin"
    key_variable = "COPILOT_GITHUB_TOKEN"

    def install(self, version: str) -> Sequence[tuple[str, ...]]:
        """From npm."""
        return (from_npm(f"@github/copilot@{version}"),)

    def command(self, job: Job) -> list[str]:
        """Nobody can approve a tool, so none asks; the sandbox bounds them."""
        allowed = ["--allow-all-tools", "--no-ask-user", "--no-auto-update", "--disable-builtin-mcps"]
        return ["copilot", "-s", *allowed, f"--secret-env-vars={self.key_variable}", "-p", job.prompt()]
