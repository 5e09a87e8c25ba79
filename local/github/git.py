"""One bare git repository, read and written through the `git` program."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

NO_COMMIT = "0" * 40
_LOG_FORMAT = "%x1e" + "%x1f".join(["%H", "%T", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%cI", "%B"])
# Comparisons must find commits that a forced push removed from a branch; GitHub keeps them for months.
_CONFIG = "[http]\n\treceivepack = true\n[gc]\n\tauto = 0\n[receive]\n\tautogc = false\n"
# The operator's git configuration must not change the server's answers.
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
}


class GitCommandError(Exception):
    """A git command failed; the message is git's own."""


@dataclass(frozen=True)
class Person:
    """An author or committer, with the time in seconds since 1970."""

    name: str
    email: str
    seconds: int


@dataclass(frozen=True)
class GitCommit:
    """One commit, read from `git log`."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    timestamp: str
    message: str


@dataclass(frozen=True)
class Change:
    """One changed file between two trees; `previous` is its old name when it was renamed."""

    status: str
    path: str
    blob: str
    previous: str | None
    additions: int
    deletions: int


@dataclass(frozen=True)
class Ref:
    """A branch or tag: the object that it names and the commit to which it leads (they differ for annotated tags)."""

    name: str
    target: str
    commit: str
    kind: str


@dataclass(frozen=True)
class Entry:
    """One name in a directory of a commit."""

    mode: str
    kind: str
    sha: str
    size: int
    path: str


class GitRepository:
    """A bare repository in a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, default_branch: str) -> "GitRepository":
        """Create an empty bare repository whose HEAD names the default branch."""
        path.parent.mkdir(parents=True, exist_ok=True)
        command = ["git", "init", "--quiet", "--bare", "--template=", f"--initial-branch={default_branch}", str(path)]
        subprocess.run(command, check=True, env=ENVIRONMENT)
        with (path / "config").open("a", encoding="utf-8") as config:
            config.write(_CONFIG)
        return cls(path)

    def run(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        """Run one git command and return its output; raises GitCommandError."""
        command = ["git", "--git-dir", str(self.path), *arguments]
        done = subprocess.run(
            command, input=stdin, capture_output=True, check=False, env={**ENVIRONMENT, **(env or {})}
        )
        if done.returncode:
            raise GitCommandError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def text(self, *arguments: str) -> str:
        """Run one git command and return its output as stripped text."""
        return self.run(*arguments).decode(errors="replace").strip()

    def refs(self, *prefixes: str) -> dict[str, Ref]:
        """All branches and tags by full name."""
        fields = "%(refname)%00%(objectname)%00%(*objectname)%00%(objecttype)"
        lines = self.text("for-each-ref", f"--format={fields}", *(prefixes or ("refs/heads", "refs/tags")))
        found = (line.split("\0") for line in lines.splitlines())
        return {name: Ref(name, target, peeled or target, kind) for name, target, peeled, kind in found}

    def resolve(self, ref: str) -> str | None:
        """The commit of a branch, tag or (abbreviated) sha, branches first; None when there is none."""
        if not ref or ref.startswith("-"):
            return None
        for candidate in (f"refs/heads/{ref}", f"refs/tags/{ref}", ref):
            try:
                return self.text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}")
            except GitCommandError:
                continue
        return None

    def log(self, *revisions: str) -> list[GitCommit]:
        """Commits of a revision range, newest first."""
        output = self.run("log", f"--format={_LOG_FORMAT}", *revisions, "--").decode(errors="replace")
        return [_commit(record) for record in output.split("\x1e")[1:]]

    def commit(self, sha: str) -> GitCommit:
        """One commit."""
        return self.log("-1", sha)[0]

    def changes(self, old: str | None, new: str) -> list[Change]:
        """Files that differ between two commits; without an old commit, the files of a root commit."""
        flags = ("-r", "-M", "-z", "--raw", "--numstat", "--no-commit-id")
        both = (old, new) if old else ("--root", new)
        return _changes(self.run("diff-tree", *flags, *both).decode(errors="replace"))

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest common ancestor of two commits; None when they have none."""
        try:
            return self.text("merge-base", one, other)
        except GitCommandError:
            return None

    def counts(self, base: str, head: str) -> tuple[int, int]:
        """How many commits head is ahead of and behind base."""
        behind, ahead = self.text("rev-list", "--left-right", "--count", f"{base}...{head}").split()
        return int(ahead), int(behind)

    def entries(self, commit: str, path: str, *, inside: bool = False) -> list[Entry]:
        """The entry of a commit at a path, or with `inside` the entries of the directory there ("" is the root)."""
        wanted = ["--", f"{path}/" if inside else path] if path else []
        output = self.run("ls-tree", "-z", "-l", "--full-tree", commit, *wanted).decode(errors="replace")
        found = []
        for line in output.split("\0")[:-1]:
            details, name = line.split("\t", 1)
            mode, kind, sha, size = details.split()
            found.append(Entry(mode, kind, sha, 0 if size == "-" else int(size), name))
        return found

    def blob(self, sha: str) -> bytes:
        """The bytes of a file."""
        return self.run("cat-file", "blob", sha)

    def commit_file(self, branch: str, path: str, content: bytes, message: str, person: Person) -> str:
        """Write one file on a branch as a new commit and return its sha."""
        parent = self.resolve(branch)
        blob = self.run("hash-object", "-w", "--stdin", stdin=content).decode().strip()
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            if parent:
                self.run("read-tree", parent, env=index)
            self.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=index)
            tree = self.run("write-tree", env=index).decode().strip()
        who = {
            f"GIT_{role}_{field}": value
            for role in ("AUTHOR", "COMMITTER")
            for field, value in (
                ("NAME", person.name),
                ("EMAIL", person.email),
                ("DATE", f"@{person.seconds} +0000"),
            )
        }
        parents = ["-p", parent] if parent else []
        sha = self.run("commit-tree", tree, *parents, stdin=message.encode(), env=who).decode().strip()
        self.run("update-ref", f"refs/heads/{branch}", sha)
        return sha


def _commit(record: str) -> GitCommit:
    sha, tree, parents, an, ae, at, cn, ce, ct, timestamp, message = record.split("\x1f")
    return GitCommit(
        sha,
        tree,
        tuple(parents.split()),
        Person(an, ae, int(at)),
        Person(cn, ce, int(ct)),
        timestamp,
        message.strip("\n"),
    )


def _changes(output: str) -> list[Change]:
    """Read the output of `--raw --numstat -z`: all raw entries, then all counts in the same order."""
    words: Iterable[str] = iter(output.split("\0"))
    raw: list[tuple[str, str, str, str | None]] = []
    counts: list[tuple[int, int]] = []
    names = {"A": "added", "M": "modified", "D": "removed", "R": "renamed", "T": "changed"}
    for word in words:
        if word.startswith(":"):
            *_, old_blob, new_blob, letter = word.split()
            first = next(iter(words))
            second = next(iter(words)) if letter[0] in "RC" else None
            blob = old_blob if letter == "D" else new_blob
            raw.append((names[letter[0]], second or first, blob, first if second else None))
        elif word:
            added, deleted, name = word.split("\t", 2)
            if not name:  # a rename: its two names follow
                next(iter(words))
                next(iter(words))
            counts.append((int(added.replace("-", "0")), int(deleted.replace("-", "0"))))
    return [
        Change(status, path, blob, previous, *count)
        for (status, path, blob, previous), count in zip(raw, counts, strict=True)
    ]
