"""A working copy of a repository of the local GitHub, written with the real git."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.platform import Platform


class WorkingCopy:
    """One working copy in `folder`, with an example's files in it."""

    def __init__(self, platform: Platform, repository: str, folder: Path, example: Path) -> None:
        self.folder = folder
        remote = platform.github.url.replace("://", f"://ada:{platform.token}@") + f"/{repository}.git"
        shutil.copytree(example, folder, ignore=shutil.ignore_patterns("__pycache__"))
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Ada Lovelace")
        self.git("config", "user.email", "ada@example.com")
        self.git("remote", "add", "origin", remote)

    def push(self, message: str) -> str:
        """Commit everything, push it to main, and return the commit id."""
        self.git("add", "--all")
        self._commit(message)
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD").strip()

    def push_branch(self, branch: str, start: str, files: Mapping[str, str]) -> str:
        """Push a branch that starts at a commit and adds these files; returns the commit id, with main checked out."""
        self.git("checkout", "--quiet", "-B", branch, start)
        for name, content in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, "utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", f"docs: spec of {branch}")
        self.git("push", "--quiet", "--force", "origin", branch)
        commit = self.git("rev-parse", "HEAD").strip()
        self.git("checkout", "--quiet", "main")
        return commit

    def push_tag(self, tag: str, commit: str) -> None:
        """Push an annotated tag of a commit."""
        self.git("tag", "--annotate", "--message", tag, tag, commit)
        self.git("push", "--quiet", "origin", f"refs/tags/{tag}")

    def commit_before(self, steps: int = 1) -> str:
        """The id of the commit that is `steps` before the newest."""
        return self.git("rev-parse", f"HEAD~{steps}").strip()

    def _commit(self, message: str) -> None:
        """A message of any length: a command line has an end."""
        file = self.folder / ".git" / "message"
        file.write_text(message, "utf-8")
        self.git("commit", "--quiet", "--file", str(file))

    def git(self, *arguments: str) -> str:
        """Run git in the folder, and return its output."""
        done = subprocess.run(["git", "-C", str(self.folder), *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"git {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout
