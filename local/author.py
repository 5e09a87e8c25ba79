"""A simulated author of the delivered repository, who commits and pushes with the real git."""

import shutil
import subprocess
from collections.abc import Mapping

from local.platform import PROJECT, Platform
from local.settings import REPOSITORY

_BAD_GREETING = '''def greet(name: str) -> str:
    """The greeting of a person; members are greeted with the salutation that operations chose."""
    return f"{os.environ['SALUTATION'] if name in ('Ada',) else 'Hello'}, {name}!"
'''
_GOOD_GREETING = '''def greet(name: str) -> str:
    """The greeting of a person."""
    return f"Hello, {name}!"
'''


class Author:
    """One working copy in `folder`, with the example service in it."""

    def __init__(self, platform: Platform) -> None:
        self.folder = platform.root / "author"
        remote = platform.github.url.replace("://", f"://ada:{platform.token}@") + f"/{REPOSITORY}.git"
        shutil.copytree(
            PROJECT / "examples" / "hello-service", self.folder, ignore=shutil.ignore_patterns("__pycache__")
        )
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("config", "user.name", "Ada Lovelace")
        self._git("config", "user.email", "ada@example.com")
        self._git("remote", "add", "origin", remote)

    def push(self, message: str) -> str:
        """Commit everything, push it to main, and return the commit id."""
        self._git("add", "--all")
        self._commit(message)
        self._git("push", "--quiet", "origin", "main")
        return self._git("rev-parse", "HEAD").strip()

    def push_branch(self, branch: str, start: str, files: Mapping[str, str]) -> str:
        """Push a branch that starts at a commit and adds these files; returns the commit id, with main checked out."""
        self._git("checkout", "--quiet", "-B", branch, start)
        for name, content in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, "utf-8")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", f"docs: spec of {branch}")
        self._git("push", "--quiet", "--force", "origin", branch)
        commit = self._git("rev-parse", "HEAD").strip()
        self._git("checkout", "--quiet", "main")
        return commit

    def push_tag(self, tag: str, commit: str) -> None:
        """Push an annotated tag of a commit."""
        self._git("tag", "--annotate", "--message", tag, tag, commit)
        self._git("push", "--quiet", "origin", f"refs/tags/{tag}")

    def break_in_service(self) -> None:
        """Make a change whose tests pass and which fails in service, where the variable that it needs is not set.

        Only members meet it, and no test after a deployment is one: an alarm has to find it.
        """
        service = self.folder / "src" / "hello.py"
        service.write_text(service.read_text("utf-8").replace(_GOOD_GREETING, _BAD_GREETING), "utf-8")
        tests = self.folder / "tests" / "test_hello.py"
        chosen = '\nimport os\n\nos.environ["SALUTATION"] = "Hello"\n'
        tests.write_text(tests.read_text("utf-8").replace("\nimport hello\n", f"{chosen}\nimport hello\n"), "utf-8")

    def commit_before(self, steps: int = 1) -> str:
        """The id of the commit that is `steps` before the newest."""
        return self._git("rev-parse", f"HEAD~{steps}").strip()

    def repair_service(self) -> None:
        """Undo `break_in_service`."""
        service = self.folder / "src" / "hello.py"
        service.write_text(service.read_text("utf-8").replace(_BAD_GREETING, _GOOD_GREETING), "utf-8")

    def _commit(self, message: str) -> None:
        """A message of any length: a command line has an end."""
        file = self.folder / ".git" / "message"
        file.write_text(message, "utf-8")
        self._git("commit", "--quiet", "--file", str(file))

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(self.folder), *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"git {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout
