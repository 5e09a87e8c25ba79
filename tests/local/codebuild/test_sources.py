"""Sources arrive as CodeBuild delivers them."""

from __future__ import annotations

import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.local.codebuild.conftest import phases, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local.codebuild.conftest import Workbench

SPEC = "version: 0.2\nphases:\n  build:\n    commands: [cat file.txt]\n"


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without logging requests."""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def git(directory: Path, *arguments: str) -> str:
    """Run git with an author; returns its output."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The URL of a repository with two commits, and the id of the first."""
    work = tmp_path / "work"
    work.mkdir()
    git(work, "init", "--quiet", "--initial-branch=main")
    (work / "buildspec.yml").write_text(SPEC)
    for text in ("first", "second"):
        (work / "file.txt").write_text(f"{text}\n")
        git(work, "add", ".")
        git(work, "commit", "--quiet", "-m", text)
    git(work, "branch", "side", "HEAD~1")
    git(tmp_path, "clone", "--quiet", "--bare", str(work), "repository.git")
    git(tmp_path / "repository.git", "update-server-info")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/repository.git", git(work, "rev-parse", "side")
    server.shutdown()
    thread.join()
    server.server_close()


def test_git(bench: Workbench, repository: tuple[str, str]) -> None:
    """A repository is cloned and its branch or commit checked out, with the buildspec in it."""
    url, first = repository
    project = bench.project(source={"type": "GITHUB", "location": url})
    build = bench.finish(bench.start(project))
    assert "second" in bench.log(build)
    for version in ("side", first, f"refs/heads/main^{{{first}}}"):
        build = bench.finish(bench.start(project, sourceVersion=version))
        assert "first" in bench.log(build), bench.log(build)
        assert build["resolvedSourceVersion"] == first
        assert build["sourceVersion"] == version


def test_unknown_version(bench: Workbench, repository: tuple[str, str]) -> None:
    """A missing version fails DOWNLOAD_SOURCE, and the error names it."""
    project = bench.project(source={"type": "GITHUB", "location": repository[0]})
    build = bench.finish(bench.start(project, sourceVersion="nowhere"))
    assert list(phases(build).items())[-3] == ("DOWNLOAD_SOURCE", "FAILED")
    assert "nowhere" in build["phases"][-3]["contexts"][0]["message"]


def test_s3(bench: Workbench) -> None:
    """A zip object is unpacked, in a given version, and its buildspec may have another path."""
    bucket, s3 = bench.bucket(), bench.aws.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    versions = [
        s3.put_object(Bucket=bucket, Key="a/source.zip", Body=zipped(file__txt=text, ci__yml=SPEC))["VersionId"]
        for text in ("old", "new")
    ]
    source = {"type": "S3", "location": f"{bucket}/a/source.zip", "buildspec": "ci.yml"}
    project = bench.project(source=source)
    assert "new" in bench.log(bench.finish(bench.start(project)))
    assert "old" in bench.log(bench.finish(bench.start(project, sourceVersion=versions[0])))


def test_overridden_source_and_secondary_source(bench: Workbench) -> None:
    """StartBuild may replace the source and add secondary sources, each in its own directory."""
    bucket = bench.bucket(one=zipped(file__txt="one"), two=zipped(file__txt="two"))
    build = bench.run(
        "version: 0.2\nphases: {build: {commands: [ls]}}\n",
        sourceTypeOverride="S3",
        sourceLocationOverride=f"{bucket}/one",
        buildspecOverride=SPEC.replace("file.txt", 'file.txt "$CODEBUILD_SRC_DIR_more/file.txt"'),
        secondarySourcesOverride=[{"type": "S3", "location": f"{bucket}/two", "sourceIdentifier": "more"}],
    )
    assert "onetwo" in "".join(bench.log(build))
    assert build["source"]["location"] == f"{bucket}/one"


def test_missing_object(bench: Workbench) -> None:
    """A missing source object fails DOWNLOAD_SOURCE."""
    build = bench.finish(bench.start(bench.project(source={"type": "S3", "location": f"{bench.bucket()}/none"})))
    assert build["buildStatus"] == "FAILED"
    assert phases(build)["DOWNLOAD_SOURCE"] == "FAILED"
