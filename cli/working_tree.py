"""The files of a folder in a git repository, and what changed in it; all paths are relative to the folder."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from functions.domain.errors import BadInputError


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """A folder, with what is in it now, committed or not."""

    folder: Path

    def files(self) -> frozenset[str]:
        """The files that git knows or would add."""
        gone = self._paths("ls-files", "--deleted")
        return frozenset(self._paths("ls-files", "--cached", "--others", "--exclude-standard")) - {*gone}

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, None if there is none."""
        whole = self.folder / path
        return whole.read_bytes() if whole.is_file() else None

    def commit(self, name: str) -> str | None:
        """The full id of a commit, None if there is none of this name."""
        found = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return found.stdout.decode().strip() or None

    def fork(self, base: str) -> str | None:
        """The commit at which the branch left another one, None without a common history."""
        return self._git("merge-base", base, "HEAD").stdout.decode().strip() or None

    def changed_since(self, commit: str) -> tuple[str, ...]:
        """The files that differ from those of a commit; both names of a renamed one, and new files."""
        changed = self._paths("diff", "--name-only", "--no-renames", "--relative", commit)
        return tuple(sorted({*changed, *self._paths("ls-files", "--others", "--exclude-standard")}))

    def read_at(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file in a commit, None if there is none."""
        found = self._git("show", f"{commit}:./{path}")
        return found.stdout if found.returncode == 0 else None

    def _paths(self, command: str, *options: str) -> Iterator[str]:
        done = self._git(command, "-z", *options)
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise BadInputError(f"{self.folder}: git {command}: {said[0] if said else 'it failed'}")
        return (path for path in done.stdout.decode("utf-8", "surrogateescape").split("\0") if path)

    def _git(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(["git", "-C", self.folder, *arguments], capture_output=True, check=False)
