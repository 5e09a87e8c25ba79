"""Runs programs without a shell, with a time limit and limited output."""

import contextlib
import ctypes
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
_NO_NEW_PRIVILEGES = 38


@dataclass(frozen=True)
class Ran:
    """The end of a program; `output` is the last 5 MB of standard output and error."""

    outcome: Literal["done", "failed", "timed out"]
    code: int
    output: str
    seconds: float


def run(
    words: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float, user: int | None = None
) -> Ran:
    """Run a program until it ends or the time limit; then its process group is killed.

    With a `user`, it runs with the rights of this user and group and can't get others, as by sudo.
    """
    rights = {} if user is None else {"user": user, "group": user, "extra_groups": [], "preexec_fn": _no_more_rights}
    began = time.monotonic()
    with tempfile.TemporaryFile() as written:
        try:
            process = subprocess.Popen(
                list(words),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **rights,  # type: ignore[call-overload]
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
        size = written.seek(0, os.SEEK_END)
        written.seek(max(0, size - _MOST_BYTES))
        output = written.read().decode(errors="replace")
    code = process.returncode
    outcome: Literal["done", "failed", "timed out"] = "timed out" if late else "done" if code == 0 else "failed"
    return Ran(outcome, code, output, time.monotonic() - began)


def _no_more_rights() -> None:
    """https://man7.org/linux/man-pages/man2/PR_SET_NO_NEW_PRIVS.2const.html"""
    ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill the program's process group, including background processes."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
