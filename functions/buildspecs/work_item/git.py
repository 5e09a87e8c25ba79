"""The working copy of a branch: only this module checks out, commits and pushes.

The agent may write anything into the working copy, including `.git`. Therefore each git command first restores the
configuration of the checkout and disables hooks. The credential is passed by the environment for exactly one URL,
which no `insteadOf` setting can replace.
"""

import base64
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from .processes import run
from .settings import Settings, WorkError

_TRIES = 3
_FIRST_PAUSE_SECONDS = 2.0
_SECONDS = 300.0
_WHO = {"NAME": "Kiro Worker", "EMAIL": "kiro-worker@users.noreply.github.com"}
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "commit.gpgSign=false")


class WorkingCopy:
    """A clone of one branch."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.folder = folder
        self._branch = settings.branch
        self._url = f"{settings.git_url}/{settings.repository}.git"
        self._environment = {**settings.environment, **_identity(), **_credential(self._url, settings.token)}
        self._config = b""
        # Found before the agent runs, which may put another program named git on the path.
        self._program = shutil.which("git", path=settings.environment.get("PATH")) or "git"

    def check_out(self, pause: float = _FIRST_PAUSE_SECONDS) -> None:
        """Clone the branch, with three tries; `pause` (seconds) is the first pause and doubles."""
        for left in reversed(range(_TRIES)):
            words = (
                "clone",
                "--quiet",
                "--single-branch",
                f"--branch={self._branch}",
                "--",
                self._url,
                str(self.folder),
            )
            done = run([self._program, *_SAFE, *words], self.folder.parent, self._environment, _SECONDS)
            if done.outcome == "done":
                break
            if not left:
                raise WorkError(f"checkout of {self._branch} failed {_TRIES} times: {done.output.strip()[-500:]}")
            time.sleep(pause)
            pause *= 2
        self._config = (self.folder / ".git" / "config").read_bytes()

    def git(self, *words: str) -> str:
        """Run git and return its output; raises WorkError with git's message."""
        (self.folder / ".git" / "config").write_bytes(self._config)
        done = run([self._program, *_SAFE, *words], self.folder, self._environment, _SECONDS)
        if done.outcome != "done":
            raise WorkError(f"git {words[0]} {done.outcome}: {done.output.strip()[-500:]}")
        return done.output

    def head(self) -> str:
        """The id of the last commit."""
        return self.git("rev-parse", "HEAD").strip()

    def changes(self) -> list[str]:
        """Files that differ from the last commit, including new ones."""
        self.git("add", "--all")
        return [name for name in self.git("diff", "--cached", "--name-only", "-z", "HEAD").split("\0") if name]

    def changed_since(self, commit: str) -> list[str]:
        """Files that differ between a commit and the last one."""
        return [name for name in self.git("diff", "--name-only", "-z", commit, "HEAD").split("\0") if name]

    def diff(self, since: str) -> str:
        """The diff since a commit, including changes that are not committed."""
        self.git("add", "--all")
        return self.git("diff", "--cached", "--no-ext-diff", "--no-textconv", since)

    def commit(self, message: str) -> bool:
        """Commit all changes; returns False if there are none."""
        if not self.changes():
            return False
        self.git("commit", "--quiet", f"--message={message}")
        return True

    def undo(self, commit: str) -> None:
        """Reset to a commit and drop changes that are not committed."""
        self.git("reset", "--quiet", "--hard", commit)
        self.git("clean", "--quiet", "-d", "--force")

    def push(self) -> None:
        """Push to the item's branch; commits that people pushed meanwhile are fetched, and ours are rebased on them."""
        for left in reversed(range(_TRIES)):
            try:
                self.git("push", "--quiet", self._url, f"HEAD:refs/heads/{self._branch}")
            except WorkError as error:
                if not left:
                    raise WorkError(f"{error}; the diffs are in the artifacts") from None
                self.git("fetch", "--quiet", self._url, f"refs/heads/{self._branch}")
                self._rebase()
            else:
                return

    def _rebase(self) -> None:
        try:
            self.git("rebase", "--quiet", "FETCH_HEAD")
        except WorkError:
            self.git("rebase", "--abort")
            raise WorkError(f"commits that somebody pushed to {self._branch} conflict with this work") from None


def _identity() -> dict[str, str]:
    names = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _WHO.items()}
    return {**names, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}


def _credential(url: str, token: str) -> Mapping[str, str]:
    """The credential for this URL only, as environment variables: other processes can read a command line."""
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{url}.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }
