"""git over HTTP: the real git clones, fetches and pushes."""

import base64
import gzip
import subprocess
from pathlib import Path

import pytest
import requests

from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, TOKEN, WorkingCopy


def test_a_pushed_commit_is_cloned_again(hub: LocalGitHub, copy: WorkingCopy, tmp_path: Path) -> None:
    """What one git pushes, another git clones."""
    sha = copy.commit("first", {"src/app.py": "print(1)\n"})
    copy.push()
    other = WorkingCopy(hub, tmp_path / "other")
    other.git("pull", "--quiet", "origin", "main")
    assert other.git("rev-parse", "HEAD") == sha
    assert (other.path / "src/app.py").read_text() == "print(1)\n"


def test_a_large_push_arrives_in_chunks(copy: WorkingCopy, hub: LocalGitHub) -> None:
    """A push above git's post buffer, which git sends chunked, arrives whole."""
    copy.git("config", "http.postBuffer", "65536")
    noise = subprocess.run(["head", "-c", "2000000", "/dev/urandom"], check=True, capture_output=True).stdout
    sha = copy.commit("large", {"noise.bin": noise})
    copy.push()
    assert hub.repository(REPOSITORY).git.resolve("main") == sha


def test_a_shallow_fetch_works(hub: LocalGitHub, copy: WorkingCopy, tmp_path: Path) -> None:
    """Protocol options such as --depth reach the server."""
    copy.commit("one", {"a": "1"})
    copy.commit("two", {"a": "2"})
    copy.push()
    other = WorkingCopy(hub, tmp_path / "other")
    other.git("fetch", "--quiet", "--depth=1", "origin", "main")
    assert other.git("rev-list", "--count", "FETCH_HEAD") == "1"


def test_a_gzipped_request_body_is_understood(hub: LocalGitHub, copy: WorkingCopy) -> None:
    """git compresses long negotiations; the server unpacks them."""
    copy.commit("one", {"a": "1"})
    copy.push()
    want = b"0014command=ls-refs\n0014agent=git/2.39.50000"
    credentials = base64.b64encode(f"x:{TOKEN}".encode()).decode()
    answer = requests.post(
        f"{hub.url}/{REPOSITORY}.git/git-upload-pack",
        data=gzip.compress(want),
        headers={
            "Authorization": f"Basic {credentials}",
            "Content-Encoding": "gzip",
            "Content-Type": "application/x-git-upload-pack-request",
            "Git-Protocol": "version=2",
        },
        timeout=10,
    )
    assert answer.status_code == 200
    assert b"refs/heads/main" in answer.content


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("wrong", "Authentication failed"),
        ("reader", "The requested URL returned error: 403"),
        ("stranger", "not found"),
    ],
)
def test_a_push_needs_a_token_that_may_write(hub: LocalGitHub, tmp_path: Path, token: str, message: str) -> None:
    """A wrong token, one that may only read, and one that can't see the repository get different errors."""
    hub.add_token("reader", "eve", permissions={"contents": "read"})
    hub.add_token("stranger", "mallory", repositories=[])
    copy = WorkingCopy(hub, tmp_path / token, token)
    copy.commit("one", {"a": "1"})
    assert message in copy.git("push", "origin", "HEAD", check=False)
    assert hub.repository(REPOSITORY).git.refs() == {}


def test_a_reader_may_fetch(hub: LocalGitHub, copy: WorkingCopy, tmp_path: Path) -> None:
    """Reading needs no write permission."""
    hub.add_token("reader", "eve", permissions={"contents": "read"})
    copy.commit("one", {"a": "1"})
    copy.push()
    assert "refs/heads/main" in WorkingCopy(hub, tmp_path / "reader", "reader").git("ls-remote", "origin")


def test_a_request_without_credential_gets_a_challenge(hub: LocalGitHub) -> None:
    """Without a credential the answer is 401 with a challenge, so that git calls its credential helper."""
    answer = requests.get(f"{hub.url}/{REPOSITORY}.git/info/refs?service=git-upload-pack", timeout=10)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="GitHub"'
