"""A platform that outlives its terminal: `start --detach` begins it, and returns when it is up."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

from local import running
from local.folders import HOME
from local.platform import PROJECT, PlatformError

_LOOK_SECONDS = 0.1


def start(arguments: Sequence[str], say: Callable[[str], None]) -> Mapping[str, Any]:
    """Run `local start` with these arguments as a process of its own, and return how it is reached.

    `say` gets its lines. PlatformError if it ends before it is up; it is ended if the caller is interrupted.
    """
    runs = running.owner()
    if runs:
        raise running.already(runs)
    HOME.mkdir(exist_ok=True)
    with running.LOG.open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "local", "start", *arguments],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C and a closed terminal are for this process only
        )
        try:
            with running.LOG.open(encoding="utf-8") as printed:
                return _followed(process, printed, say)
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise


def _followed(process: subprocess.Popen[bytes], printed: IO[str], say: Callable[[str], None]) -> Mapping[str, Any]:
    while True:
        ended = process.poll() is not None
        said = printed.read().splitlines()
        if ended:
            raise PlatformError("\n".join([*said, f"the platform is not up; all that it said is in {running.LOG}"]))
        known = running.described_by(process.pid)
        if known:
            return known
        for line in said:
            say(line)
        time.sleep(_LOOK_SECONDS)
