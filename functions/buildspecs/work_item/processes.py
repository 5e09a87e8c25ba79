"""Runs programs with a time limit and a bounded memory of what they said; a list of words, never a shell."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_MOST_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Ran:
    """How a program ended; `output` is the last 5 MB of what it said."""

    outcome: Literal["done", "failed", "timed out"]
    code: int
    output: str
    seconds: float


def run(words: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float) -> Ran:
    """Run to the end or to the limit; with it ends everything it started."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                list(words),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return Ran("failed", 127, f"{words[0]}: {error.strerror}", 0.0)
        late = False
        try:
            process.wait(max(seconds, 0.1))
        except subprocess.TimeoutExpired:
            late = True
        finally:
            _end(process)
        size = said.seek(0, os.SEEK_END)
        said.seek(max(0, size - _MOST_BYTES))
        output = said.read().decode(errors="replace")
    code = process.returncode
    outcome: Literal["done", "failed", "timed out"] = "timed out" if late else "done" if code == 0 else "failed"
    return Ran(outcome, code, output, time.monotonic() - began)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Also what the program left running in the background."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
