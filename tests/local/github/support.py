"""Helpers for tests with the local GitHub: a working copy, a webhook receiver, and waiting."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from local.github import LocalGitHub
from local.github.description import published
from tests.http_server import HttpServer, QuietHandler

# Where `npm install --prefix build/npm @octokit/openapi@23.0.2 …` puts it; `make test` does when npm is there.
DESCRIPTION = (
    Path(__file__)
    .parents[3]
    .joinpath(*("build", "npm", "node_modules", "@octokit", "openapi", "generated", "api.github.com.json"))
)
REPOSITORY = "acme/hello-service"
TOKEN = "ghp_local"
# Each commit and push would start two more processes, which look for garbage.
_CONFIG = """[remote "origin"]
	url = {url}
	fetch = +refs/heads/*:refs/remotes/origin/*
[gc]
	auto = 0
[maintenance]
	auto = false
"""
SECRET = "webhook-secret"


def eventually(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Call a condition until it is true or the time is up; returns its answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"not true within {seconds} s: {condition}")


class WorkingCopy:
    """A clone that commits and pushes with the real git."""

    def __init__(self, hub: LocalGitHub, path: Path, token: str = TOKEN, repository: str = REPOSITORY) -> None:
        self.path = path
        url = hub.url.replace("//", f"//x-access-token:{token}@")
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--template=", "--initial-branch=main")
        with (path / ".git" / "config").open("a", encoding="utf-8") as config:
            config.write(_CONFIG.format(url=f"{url}/{repository}.git"))

    def git(self, *arguments: str, check: bool = True) -> str:
        """Run git here and return its output."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "NO_PROXY": "127.0.0.1",
            **{f"GIT_{role}_NAME": "Ada" for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_EMAIL": "ada@example.com" for role in ("AUTHOR", "COMMITTER")},
        }
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=environment, check=False, capture_output=True, text=True
        )
        if check and done.returncode:
            raise AssertionError(f"git {arguments}: {done.stderr}")
        return (done.stdout if check else done.stdout + done.stderr).strip()

    def commit(self, message: str, files: Mapping[str, str | bytes | None]) -> str:
        """Write files (None deletes), commit, and return the sha."""
        for name, content in files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                target.unlink()
            else:
                target.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self._head()

    def _head(self) -> str:
        """The commit of HEAD, whose file a commit has just written: reading it takes no process."""
        folder = self.path / ".git"
        head = (folder / "HEAD").read_text("utf-8").strip()
        return (folder / head.removeprefix("ref: ")).read_text("utf-8").strip() if head.startswith("ref: ") else head

    def commit_at(self, date: str, message: str, files: Mapping[str, str]) -> str:
        """Commit on a computer whose clock shows this date (ISO 8601, UTC)."""
        self.commit(message, files)
        stamp = f"{int(datetime.fromisoformat(date).timestamp())} +0000"
        content = self.git("cat-file", "commit", "HEAD")
        dated = re.sub(r"(?m)^(author|committer) (.*>) .*$", rf"\1 \2 {stamp}", content, count=2)
        (self.path / ".git" / "dated").write_text(dated + "\n", "utf-8")
        sha = self.git("hash-object", "-t", "commit", "-w", ".git/dated")
        self.git("update-ref", "HEAD", sha)
        return sha

    def push(self, *arguments: str) -> None:
        """Push, by default the current branch."""
        self.git("push", "--quiet", *(arguments or ("origin", "HEAD")))


@contextmanager
def as_described(hub: LocalGitHub) -> Iterator[None]:
    """Have each REST call judged by the published description, where npm has installed it."""
    if DESCRIPTION.exists():
        hub.description = published(DESCRIPTION)
    yield
    # https://github.com/github/rest-api-description
    assert not hub.differences, "\n".join(["not as GitHub's description says:", *dict.fromkeys(hub.differences)])


@dataclass(frozen=True)
class Received:
    """One received webhook."""

    headers: Mapping[str, str]
    body: bytes


class Receiver(HttpServer):
    """A small HTTP server that records webhooks."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.status = 200
        outer = self

        class Handler(QuietHandler):
            def do_POST(self) -> None:  # noqa: N802 - the name of the base class
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append(Received(dict(self.headers.items()), body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        super().__init__(Handler)
        self.url = f"{self.base}/webhook"

    def events(self, name: str) -> list[Received]:
        """The received webhooks of one event."""
        return [one for one in self.received if one.headers["X-Github-Event"] == name]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LocalGitHub]:
    """A running local GitHub with one repository and one token with all permissions."""
    with LocalGitHub(tmp_path / "hub") as running:
        running.create_repository(REPOSITORY)
        running.add_token(TOKEN, "ada", "ada@example.com")
        with as_described(running):
            yield running


@pytest.fixture
def copy(hub: LocalGitHub, tmp_path: Path) -> WorkingCopy:
    """An empty working copy of its repository."""
    return WorkingCopy(hub, tmp_path / "copy")
