"""The working copy: checked out with patience, committed and pushed by us and by nobody else.

The agent may write anything into the working copy, also into `.git`. So before each command of ours the configuration
is put back as it was after the checkout, hooks are off, and the credential is given by the environment for exactly one
address, which no `insteadOf` can turn into another.
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
        # Found now: what the agent may put on the path later is not this git.
        self._program = shutil.which("git", path=settings.environment.get("PATH")) or "git"

    def check_out(self, pause: float = _FIRST_PAUSE_SECONDS) -> None:
        """Clone the branch; the network gets three chances."""
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
        """Run git; a failure is a WorkError in git's words."""
        (self.folder / ".git" / "config").write_bytes(self._config)
        done = run([self._program, *_SAFE, *words], self.folder, self._environment, _SECONDS)
        if done.outcome != "done":
            raise WorkError(f"git {words[0]} {done.outcome}: {done.output.strip()[-500:]}")
        return done.output

    def head(self) -> str:
        """The commit that stands."""
        return self.git("rev-parse", "HEAD").strip()

    def changes(self) -> list[str]:
        """Files that differ from the last commit, new ones too."""
        self.git("add", "--all")
        return [name for name in self.git("diff", "--cached", "--name-only", "-z", "HEAD").split("\0") if name]

    def changed_since(self, commit: str) -> list[str]:
        """Files that differ between a commit and what stands."""
        return [name for name in self.git("diff", "--name-only", "-z", commit, "HEAD").split("\0") if name]

    def diff(self, since: str) -> str:
        """What changed since a commit, committed or not."""
        self.git("add", "--all")
        return self.git("diff", "--cached", "--no-ext-diff", "--no-textconv", since)

    def commit(self, message: str) -> bool:
        """Commit everything; False when there was nothing. The message is one argument, whatever it says."""
        if not self.changes():
            return False
        self.git("commit", "--quiet", f"--message={message}")
        return True

    def undo(self, commit: str) -> None:
        """Go back to a commit, and drop what is not committed."""
        self.git("reset", "--quiet", "--hard", commit)
        self.git("clean", "--quiet", "-d", "--force")

    def push(self) -> None:
        """Push to the item's branch and to no other; what people pushed meanwhile comes first."""
        for left in reversed(range(_TRIES)):
            try:
                self.git("push", "--quiet", self._url, f"HEAD:refs/heads/{self._branch}")
            except WorkError as error:
                if not left:
                    raise WorkError(f"{error}; what was done is in the artifacts") from None
                self.git("fetch", "--quiet", self._url, f"refs/heads/{self._branch}")
                self._rebase()
            else:
                return

    def _rebase(self) -> None:
        try:
            self.git("rebase", "--quiet", "FETCH_HEAD")
        except WorkError:
            self.git("rebase", "--abort")
            raise WorkError(f"somebody pushed to {self._branch} what contradicts this work: look at the diff") from None


def _identity() -> dict[str, str]:
    names = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _WHO.items()}
    return {**names, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}


def _credential(url: str, token: str) -> Mapping[str, str]:
    """For this address only, and by the environment: on a command line any process could read it."""
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{url}.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }
