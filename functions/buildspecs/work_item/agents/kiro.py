"""Kiro CLI in headless mode.

https://kiro.dev/docs/cli/headless/ (flags, key)
https://kiro.dev/docs/cli/reference/exit-codes (0 success, 1 failure, 3 an MCP server did not start)
https://kiro.dev/docs/cli/agent-harness/ (without `--v3`, headless runs use the former harness)
"""

import platform
from collections.abc import Sequence

from .base import Agent, Job

_DOWNLOADS = "https://prod.download.cli.kiro.dev/stable"


class Kiro(Agent):
    """Kiro CLI has no limit of its own; the time limit of a task ends it."""

    version = "3.2.0"
    programs = "kirocli/bin"
    key_variable = "KIRO_API_KEY"

    def install(self, version: str) -> Sequence[tuple[str, ...]]:
        """The vendor's archive of this version; its installer can only install the newest one."""
        file = f"kirocli-{platform.machine()}-linux.zip"
        return (
            ("curl", "-fsSL", "--retry", "3", "-o", file, f"{_DOWNLOADS}/{version}/{file}"),
            ("unzip", "-q", file),
        )

    def command(self, job: Job) -> list[str]:
        """Nobody can approve a tool, so all are trusted; the sandbox bounds them."""
        return ["kiro-cli", "chat", "--no-interactive", "--v3", "--trust-all-tools", job.prompt()]
