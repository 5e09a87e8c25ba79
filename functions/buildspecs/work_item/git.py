"""The working copy of a branch: only this module checks out, commits and pushes.

The agent may write anything into the files of the working copy. The repository of this program lies outside of them,
where the agent can't write: its configuration, hooks and objects are those of the checkout. The agent gets a
repository of its own in `.git`, which is deleted when it has ended, before the files are read. The credential is in the
environment of the commands that reach GitHub, for exactly one URL, and nothing of the agent runs beside them.
"""

import base64
import shutil
import time
from collections.abc import Callable, Mapping

from .errors import WorkError
from .processes import Ran, run
from .sandbox import Sandbox
from .settings import Settings

_TRIES = 3
_FIRST_PAUSE_SECONDS = 2.0
_SECONDS = 300.0
_WHO = {"NAME": "Kiro Worker", "EMAIL": "kiro-worker@users.noreply.github.com"}
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "diff.ignoreSubmodules=all")


class WorkingCopy:
    """A clone of one branch, whose files are in a sandbox."""

    def __init__(self, settings: Settings, sandbox: Sandbox, token: Callable[[], str]) -> None:
        self.folder = sandbox.repository
        self._sandbox = sandbox
        self._branch = settings.branch
        self._url = f"{settings.git_url}/{settings.repository}.git"
        self._environment = {**settings.environment, **_identity()}
        self._here = {"GIT_DIR": str(sandbox.git), "GIT_WORK_TREE": str(self.folder)}
        self._token = token
        # The branch's head as it was last fetched or pushed: our work is what follows it.
        self._seen = ""
        # Found before the agent runs, which may put another program named git on the path.
        self._program = shutil.which("git", path=settings.environment.get("PATH")) or "git"

    def check_out(self, pause: float = _FIRST_PAUSE_SECONDS) -> None:
        """Clone the branch, with three tries; `pause` (seconds) is the first pause and doubles."""
        words = (
            "clone",
            "--quiet",
            "--single-branch",
            f"--branch={self._branch}",
            f"--separate-git-dir={self._sandbox.git}",
            "--",
            self._url,
            str(self.folder),
        )
        for left in reversed(range(_TRIES)):
            done = self._run(words, self._credential())
            if done.outcome == "done":
                break
            if not left:
                raise WorkError(f"checkout of {self._branch} failed {_TRIES} times: {done.output.strip()[-500:]}")
            time.sleep(pause)
            pause *= 2
        (self.folder / ".git").unlink()
        self._seen = self.head()

    def lend(self) -> None:
        """Give the agent a repository of its own in `.git`, with the commits, the branch and the index of this one."""
        lent = self._sandbox.folder / "lent"
        self._checked(("clone", "--quiet", "--shared", "--no-checkout", "--", str(self._sandbox.git), str(lent)), {})
        shutil.copy(self._sandbox.git / "index", lent / ".git" / "index")
        self._checked(("remote", "set-url", "origin", self._url), {"GIT_DIR": str(lent / ".git")})
        (lent / ".git").rename(self.folder / ".git")
        lent.rmdir()

    def git(self, *words: str) -> str:
        """Run git without the credential and return its output; raises WorkError with git's message."""
        return self._checked(words, self._here)

    def _checked(self, words: tuple[str, ...], more: Mapping[str, str]) -> str:
        done = self._run(words, more)
        if done.outcome != "done":
            raise WorkError(f"git {words[0]} {done.outcome}: {done.output.strip()[-500:]}")
        return done.output

    def _run(self, words: tuple[str, ...], more: Mapping[str, str]) -> Ran:
        folder = self.folder if self.folder.is_dir() else self.folder.parent
        return run([self._program, *_SAFE, *words], folder, {**self._environment, **more}, _SECONDS)

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
        """Push to the item's branch; what people pushed meanwhile is fetched, and our commits are rebased on it.

        Only onto the head that was last seen: a branch that a person deleted is not made again, and commits that a
        person removed do not come back. https://git-scm.com/docs/git-push#Documentation/git-push.txt---force-with-lease
        """
        ref = f"refs/heads/{self._branch}"
        for left in reversed(range(_TRIES)):
            ours = self.head()
            try:
                self._at_github("push", f"--force-with-lease={ref}:{self._seen}", f"HEAD:{ref}")
            except WorkError as error:
                if not left:
                    raise WorkError(f"{error}; the diffs are in the artifacts") from None
                self._fetch(ref)
            else:
                self._seen = ours
                return

    def _fetch(self, ref: str) -> None:
        try:
            self._at_github("fetch", "", ref)
        except WorkError as error:
            if "couldn't find remote ref" not in str(error):
                raise
            raise WorkError(f"{self._branch} was deleted meanwhile; the diffs are in the artifacts") from None
        self._rebase()
        self._seen = self.git("rev-parse", "FETCH_HEAD").strip()

    def _at_github(self, command: str, option: str, ref: str) -> None:
        words = (command, "--quiet", *([option] if option else []), self._url, ref)
        self._checked(words, {**self._here, **self._credential()})

    def _credential(self) -> Mapping[str, str]:
        """The credential for this URL only, as environment variables: other processes can read a command line."""
        basic = base64.b64encode(f"x-access-token:{self._token()}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self._url}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
        }

    def _rebase(self) -> None:
        try:
            self.git("rebase", "--quiet", "--onto", "FETCH_HEAD", self._seen)
        except WorkError:
            self.git("rebase", "--abort")
            raise WorkError(f"commits that somebody pushed to {self._branch} conflict with this work") from None


def _identity() -> dict[str, str]:
    names = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _WHO.items()}
    return {**names, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
