"""Becomes a container's command, ending with the process that started it: `launch.py PARENT_PID COMMAND…`.

The kernel kills the command when the thread that started it ends (PR_SET_PDEATHSIG), also when that is killed itself:
tasks are therefore started from one thread that lives as long as the endpoint. It uses the standard library only, so it
starts in milliseconds.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
COMMAND_NOT_RUN = 127


def main() -> None:
    """Bind the process to its parent, and run the command."""
    parent, *command = sys.argv[1:]
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):
        os._exit(COMMAND_NOT_RUN)  # the parent ended before the line above
    try:
        os.execvp(command[0], command)  # noqa: S606 - a list, never a shell string
    except OSError as error:
        os.write(2, f"cannot run {command}: {error}\n".encode())
        os._exit(COMMAND_NOT_RUN)


if __name__ == "__main__":
    main()
