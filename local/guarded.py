"""Runs a module, or a file, that must not outlive its starter: `python -P guarded.py PARENT_PID MODULE [ARGUMENT…]`.

A kill -9 gives a process no chance to end its children, so each child watches instead. PR_SET_PDEATHSIG would not
do: it fires when the *thread* that started the child ends, and the emulator starts Lambda workers from short-lived
threads.
"""

import os
import runpy
import select
import signal
import sys
import threading
import time
from pathlib import Path

POLL_SECONDS = 0.2


def wait_for_end(pid: int) -> None:
    """Return once the parent process `pid` has ended."""
    if hasattr(os, "pidfd_open"):
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            return
        if os.getppid() == pid:  # else the number may already belong to somebody else
            select.select([descriptor], [], [])
        return
    while os.getppid() == pid:
        time.sleep(POLL_SECONDS)


def follow(pid: int) -> None:
    """Kill this process's whole group as soon as the parent `pid` has ended."""
    wait_for_end(pid)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Start the watch, then become what the command line names."""
    parent, module, *arguments = sys.argv[1:]
    threading.Thread(target=follow, args=(int(parent),), daemon=True).start()
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    sys.argv = [module, *arguments]
    if module.endswith(".py"):
        runpy.run_path(module, run_name="__main__")
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
