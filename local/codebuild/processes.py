"""The server's end of a build's supervisor process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SUPERVISOR = Path(__file__).with_name("supervisor.py")
GRACE_SECONDS = 3.0


class BuildProcesses:
    """All processes of one build: commands start one after the other and end together."""

    def __init__(self, output: int) -> None:
        control, self._control = os.pipe()
        self._status, status = os.pipe()
        self._answers = os.fdopen(self._status, "r")
        try:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SUPERVISOR), str(control), str(status), str(GRACE_SECONDS)],
                env={},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(control, status),
                start_new_session=True,
            )
        finally:
            os.close(control)
            os.close(status)

    def run(self, command: Sequence[str], environment: Mapping[str, str], directory: Path) -> int | None:
        """Run one command to its end; returns its exit status, or None when the build was ended in the meantime."""
        request = {"command": list(command), "environment": dict(environment), "directory": str(directory)}
        try:
            remaining = memoryview(json.dumps(request).encode() + b"\n")
            while remaining:
                remaining = remaining[os.write(self._control, remaining) :]
        except BrokenPipeError:
            return None
        answer = self._answers.readline()
        return int(answer) if answer else None

    def terminate(self) -> None:
        """Send SIGTERM to every process, and SIGKILL after the grace period; callable from any thread at any time."""
        self._supervisor.terminate()

    def close(self) -> None:
        """End processes that still run, such as a server in the background, and wait for their end."""
        os.close(self._control)
        try:
            self._supervisor.wait(GRACE_SECONDS + 5)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        self._answers.close()
