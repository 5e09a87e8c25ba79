"""Where the agent and the tests run: as a user of their own, in folders of their own, and no longer than a command.

Both run code that nobody has reviewed. The sandbox is *closed* where this program is root and the other user can run
Python: then they can't read the program's memory and environment, nor write anything but their folders. When a command
has ended, each process that it started is killed, also one with a session of its own: it becomes a child of this
program, which is a subreaper (https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html).

The agent has a key and the tests do not. So each run of the agent has a home and a temporary folder that did not exist
before and do not exist after it, and its program is installed where neither can write.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from .errors import WorkError
from .processes import Ran, run

# The image needs no entry for this user. On a machine with several builds each takes the next that is free.
FIRST_USER, _MOST_USERS = 60_001, 64
_SUBREAPER = 36
_LINUX = sys.platform.startswith("linux")
_SECONDS = 30.0
_EVERYBODY = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108  # nosec B108 - they are cleared, not used


class Sandbox:
    """The folders of the agent and the tests; `folder` itself, and `git` in it, they can read only."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kiro-agent-"))
        self.folder.chmod(0o755)
        self.git = self.folder / "git"
        self.repository, self.reports = self.folder / "repository", self.folder / "reports"
        self.tools = self.folder / "tools"
        self._home, self._temporary = self.folder / "home", self.folder / "tmp"
        for own in (self.reports, self.tools, self._home, self._temporary):
            own.mkdir()
        self._user: int | None = None
        self._taken: socket.socket | None = None
        if _LINUX:
            ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)

    def close(self, git_url: str, *, key: bool) -> str:
        """Close the sandbox; returns why it stays open, "" if it does not.

        It may stay open only where GitHub is on this machine, for its credential opens nothing else, and where the
        agent has no `key`; anywhere else that is a WorkError.
        """
        why = self._take_user()
        if why and (urlsplit(git_url).hostname or "") not in ("127.0.0.1", "::1", "localhost"):
            raise WorkError(f"the agent is not started, because it could read the git credential: {why}")
        if why and key:
            raise WorkError(f"the agent is not started, because the tests could read its key: {why}")
        return why

    def remove(self) -> None:
        """Delete the folders, and let another build have the user."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._taken:
            self._taken.close()

    def run(self, words: Sequence[str], environment: Mapping[str, str], seconds: float) -> Ran:
        """Run a command in the repository; when this returns, nothing of it runs, and its files are checked.

        Nested repositories are removed, and a file of another user is a WorkError: it is a link to something that the
        sandbox may not read.
        """
        with self._lent():
            return run(words, self.repository, self._environment(environment), seconds, self._user)

    def run_alone(self, words: Sequence[str], environment: Mapping[str, str], seconds: float) -> Ran:
        """The same, with a home and a temporary folder for this run only, so that the next command finds nothing of it.

        What stays are the files of the repository.
        """
        with self._lent(), self._rooms() as (home, temporary):
            given = self._environment(environment, home, temporary)
            return run(words, self.repository, given, seconds, self._user)

    def install(self, words: Sequence[str], environment: Mapping[str, str], seconds: float) -> Ran:
        """Run a command in the folder of the tools, which later commands can read only."""
        with self._rooms() as (home, temporary):
            self._own(self.tools, self._user)
            try:
                return run(words, self.tools, self._environment(environment, home, temporary), seconds, self._user)
            finally:
                self._end()
                self._own(self.tools, 0)

    def _environment(
        self, given: Mapping[str, str], home: Path | None = None, temporary: Path | None = None
    ) -> dict[str, str]:
        """The variables of a command: those that are given, with home, temporary folder and user of the sandbox.

        Python's own folder is first on the path, because pyenv finds its versions below the home that it knows.
        """
        home = home or self._home
        path = os.pathsep.join(
            (str(Path(sys.executable).parent), given.get("PATH", os.defpath), str(home / ".local" / "bin"))
        )
        own = {"HOME": str(home), "TMPDIR": str(temporary or self._temporary), "PATH": path}
        return {**given, **own, "USER": "kiro-agent", "LOGNAME": "kiro-agent"}

    @contextlib.contextmanager
    def _lent(self) -> Iterator[None]:
        """The repository and the reports belong to the user meanwhile."""
        for own in (self.repository, self.reports):
            self._own(own, self._user)
        try:
            yield
        finally:
            self._end()
            for own in (self.repository, self.reports):
                self._take_back(own)

    @contextlib.contextmanager
    def _rooms(self) -> Iterator[tuple[Path, Path]]:
        """A new home and temporary folder; afterwards they are gone, with all that the user wrote beside them."""
        self._clear()
        home, temporary = (Path(tempfile.mkdtemp(dir=self.folder)) for _ in range(2))
        self._own(home, self._user)
        self._own(temporary, self._user)
        try:
            yield home, temporary
        finally:
            self._end()
            for own in (home, temporary):
                shutil.rmtree(own, ignore_errors=True)
            self._clear()

    def _clear(self) -> None:
        """Delete what the user wrote into the folders where everybody may write."""
        for everybody in _EVERYBODY if self._user is not None else ():
            for path in everybody.iterdir() if everybody.is_dir() else ():
                with contextlib.suppress(FileNotFoundError):
                    if path.lstat().st_uid == self._user:
                        _delete(path)

    def file(self, path: Path) -> Path:
        """The file at a path that the sandbox has chosen, without links; one that leads out of it is a WorkError."""
        found = path.resolve()
        if not any(found.is_relative_to(own.resolve()) for own in (self.repository, self.reports)):
            raise WorkError(f"{path.name} is a link or a path that leads out of the working copy; make it a file in it")
        if found.exists() and not found.is_file():
            raise WorkError(f"{path.name} is no file; make it one")
        return found

    def _take_user(self) -> str:
        """Take a free user and try it; returns why there is none."""
        if not _LINUX or os.geteuid():
            return "this program is not root, so the agent runs as the same user"
        for user in range(FIRST_USER, FIRST_USER + _MOST_USERS):
            taken = socket.socket(socket.AF_UNIX)
            try:
                taken.bind(f"\0kiro-agent-{user}")  # a name without a file, which is free again when this program ends
            except OSError:
                taken.close()
                continue
            self._user, self._taken = user, taken
            for own in (self._home, self._temporary):
                os.chown(own, user, user)
            break
        else:
            return f"all users from {FIRST_USER} to {FIRST_USER + _MOST_USERS - 1} are taken"
        tried = run([sys.executable, "-c", "import json"], self._home, self._environment({}), _SECONDS, self._user)
        if tried.outcome == "done":
            return ""
        why = f"the user {self._user} can't run {sys.executable} in {self._home}; let others pass its folders"
        self._user = None
        return why

    def _own(self, folder: Path, user: int | None) -> None:
        """Make a user the owner of a folder and what is in it; what root owns others can read and not write.

        This program writes into the folders of the user only before they were lent for the first time.
        """
        if self._user is None or user is None:
            return
        for path in (folder, *_below(folder)):
            os.chown(path, user, user, follow_symlinks=False)
            if user == 0 and not path.is_symlink():
                mode = path.lstat().st_mode
                path.chmod(mode & 0o755 | (0o555 if mode & stat.S_IXUSR else 0o444))

    def _take_back(self, own: Path) -> None:
        if own.is_symlink() or not own.is_dir():
            raise WorkError(f"the agent or the tests replaced the folder {own.name}")
        for path in _below(own):
            if path.name.lower() == ".git":
                _delete(path)
            elif self._user is not None and path.lstat().st_uid != self._user:
                raise WorkError(f"{path.relative_to(own)} belongs to another user; the agent must not link to it")

    def _end(self) -> None:
        """Kill and reap everything that a command left: all below this program, and all of the user."""
        deadline = time.monotonic() + _SECONDS
        while True:
            killed = self._user is None or _kill_all_of(self._user)
            left = _left(self._user)
            if killed and not left:
                return
            if time.monotonic() > deadline:
                raise WorkError("processes of the agent or the tests could not be ended")
            for pid in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)


def _below(folder: Path) -> Iterator[Path]:
    """Everything below a folder; links are not followed. What was deleted meanwhile is not entered."""
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield Path(root, name)
        folders[:] = [name for name in folders if os.path.lexists(Path(root, name))]


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _left(user: int | None) -> set[int]:
    """The living processes below this program, and those of the user; ended children are reaped."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    parents, found = {}, set()
    for entry in Path("/proc").glob("[0-9]*") if _LINUX else ():
        try:
            facts = dict(line.split(":", 1) for line in (entry / "status").read_text("utf-8", "replace").splitlines())
        except (OSError, ValueError):
            continue
        if facts["State"].split()[0] in "ZX":
            continue
        parents[int(entry.name)] = int(facts["PPid"])
        if user is not None and str(user) in facts["Uid"].split():
            found.add(int(entry.name))
    below = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return found | below - {os.getpid()}


def _kill_all_of(user: int) -> bool:
    """Kill all processes of a user at once; returns False if the one that does it was itself killed before.

    One after the other would miss processes that fork faster than they are found. It is a process with the user's own
    rights that does it, because for kill(-1) "all" means all that it may signal.
    https://man7.org/linux/man-pages/man2/kill.2.html
    """
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            if user < FIRST_USER or os.getresuid() != (user, user, user):
                os._exit(1)
            with contextlib.suppress(ProcessLookupError):  # there is none
                os.kill(-1, signal.SIGKILL)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0
