"""Runs a build's commands and ends every process they started: `python -I -S supervisor.py CONTROL STATUS GRACE`.

One supervisor per build, in a session of its own. It reads one JSON request per line from the descriptor CONTROL,
runs it, and writes the exit status as a line to STATUS. It ends on SIGTERM or when CONTROL closes, which also happens
when the server at the other end gets SIGKILL. Before it ends it sends SIGTERM to all processes below it, waits up to
GRACE seconds, then sends SIGKILL. As a subreaper it becomes the parent of daemonised processes, so it finds them too.
It uses the standard library only, so it starts in milliseconds.
"""

import ctypes
import json
import os
import select
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LINUX = sys.platform.startswith("linux")
COMMAND_NOT_RUN = 127


def prctl(option: int, value: int) -> None:
    """Set one process attribute; does nothing on systems without this call."""
    if LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def parents() -> dict[int, int]:
    """Return the parent of every process, from /proc."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # the command name is in brackets and may itself contain brackets
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            found[int(entry.name)] = int(fields[1])
    return found


def descendants() -> set[int]:
    """Return every living process below this one."""
    above, found = parents(), {os.getpid()}
    grown = True
    while grown:
        below = {pid for pid, parent in above.items() if parent in found} - found
        found |= below
        grown = bool(below)
    return found - {os.getpid()}


def send(number: int) -> bool:
    """Send a signal to every descendant; returns False when there is none."""
    if not LINUX:
        os.killpg(0, number)
        return True
    pids = descendants()
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
    return bool(pids)


def reap() -> dict[int, int]:
    """Collect ended children; returns their exit codes, 128 + n for signal n as a shell does."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        code = os.waitstatus_to_exitcode(status)
        ended[pid] = code if code >= 0 else 128 - code


def end_everything(grace: float) -> None:
    """End every descendant: SIGTERM, up to `grace` seconds of waiting, SIGKILL."""
    deadline = time.monotonic() + grace
    left = send(signal.SIGTERM)
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        reap()
        left = bool(descendants()) if LINUX else True
    while left:
        left = send(signal.SIGKILL)
        time.sleep(0.01)
        reap()


def launch(request: dict[str, object], wakeups: tuple[int, int]) -> int:
    """Start one command with a closed standard input; returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for descriptor in wakeups:
            os.close(descriptor)
        os.chdir(str(request["directory"]))
        argv, environment = request["command"], request["environment"]
        os.execvpe(argv[0], argv, environment)  # type: ignore[index, arg-type]  # noqa: S606 - a list, never a shell string
    except BaseException as error:  # a forked child must never return into its parent's loop
        os.write(2, f"cannot run {request['command']}: {error}\n".encode())
        os._exit(COMMAND_NOT_RUN)


def main() -> None:
    """Run requests until SIGTERM or until CONTROL closes."""
    control, status, grace = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    for descriptor in (control, status):
        os.set_inheritable(descriptor, False)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    wakeups = os.pipe()
    os.set_blocking(wakeups[0], False)
    os.set_blocking(wakeups[1], False)
    signal.set_wakeup_fd(wakeups[1])
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    current, pending = 0, b""
    while True:
        ready, _, _ = select.select([control, wakeups[0]], [], [])
        if wakeups[0] in ready and signal.SIGTERM in os.read(wakeups[0], 512):
            break
        if control in ready:
            received = os.read(control, 65536)
            if not received:
                break
            pending += received
        if not current and b"\n" in pending:
            line, _, pending = pending.partition(b"\n")
            current = launch(json.loads(line), wakeups)
        ended = reap()
        if current in ended:
            os.write(status, f"{ended[current]}\n".encode())
            current = 0
    end_everything(grace)


if __name__ == "__main__":
    main()
