"""FetchSource: the source of a commit is in the bucket, once."""

from io import BytesIO
from zipfile import ZipFile

import pytest

from functions.deployment import fetch_source as handler
from functions.domain.errors import GitHubNotFoundError, SourceError
from functions.domain.limits import ARCHIVE
from functions.domain.releases import Release
from local.github import LocalGitHub
from tests.functions.samples import archive
from tests.functions.stack import BUCKET, Stack
from tests.local.github.support import REPOSITORY, WorkingCopy


def release(sha: str) -> Release:
    """A release of a commit."""
    return Release(REPOSITORY, "refs/heads/main", sha)


def test_the_source_has_no_top_folder(stack: Stack, copy: WorkingCopy) -> None:
    """Executable files stay executable."""
    copy.commit("one", {"run.sh": "#!/bin/sh\n", "src/app.py": "print()"})
    copy.git("update-index", "--chmod=+x", "run.sh")
    sha = copy.commit("two", {})
    copy.push()
    key = stack.run("deployment.fetch_source", {"deploymentId": "d", "release": release(sha)})["source"]
    assert key == f"sources/{REPOSITORY}/{sha}.zip"
    body = stack.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    with ZipFile(BytesIO(body)) as found:
        assert sorted(found.namelist()) == ["run.sh", "src/app.py"]
        assert found.read("src/app.py") == b"print()"


def test_a_commit_is_fetched_once(stack: Stack, copy: WorkingCopy, hub: LocalGitHub) -> None:
    """The second time GitHub is not called."""
    sha = copy.commit("one", {"a": "1"})
    copy.push()
    event = {"deploymentId": "d", "release": release(sha)}
    first = stack.run("deployment.fetch_source", event)
    asked = len(hub.requests)
    assert stack.run("deployment.fetch_source", event) == first
    assert len(hub.requests) == asked


def test_a_commit_that_is_gone_leaves_nothing(stack: Stack, copy: WorkingCopy) -> None:
    """The error names the commit, and no partial archive is stored."""
    copy.commit("one", {"a": "1"})
    copy.push()
    with pytest.raises(GitHubNotFoundError):
        stack.run("deployment.fetch_source", {"deploymentId": "d", "release": release("f" * 40)})
    assert "Contents" not in stack.client("s3").list_objects_v2(Bucket=BUCKET)


def test_an_archive_that_does_not_fit_is_refused_while_it_comes(
    stack: Stack, copy: WorkingCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C7: the function's /tmp has place for two of the largest ones; the error says what to leave out."""
    assert handler.HANDLER.storage_mb * 1024 * 1024 > 2 * ARCHIVE
    sha = copy.commit("one", {"a": "1"})
    copy.push()
    monkeypatch.setattr(handler, "ARCHIVE", 20)
    with pytest.raises(SourceError, match="more than 20 bytes as an archive: leave large files out"):
        stack.run("deployment.fetch_source", {"deploymentId": "d", "release": release(sha)})
    assert "Contents" not in stack.client("s3").list_objects_v2(Bucket=BUCKET)


def test_a_file_is_copied_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """C7: one file may be larger than the function's memory."""
    monkeypatch.setattr(handler, "_CHUNK", 2)
    target = BytesIO()
    handler.strip_top_folder(BytesIO(archive({"top/a/b": "12345"})), target)
    with ZipFile(target) as found:
        assert {name: found.read(name) for name in found.namelist()} == {"a/b": b"12345"}


def test_a_response_that_is_no_archive_is_an_error() -> None:
    """Such as the error page of a proxy."""
    with pytest.raises(SourceError, match="not a zip archive"):
        handler.strip_top_folder(BytesIO(b"<html>"), BytesIO())


def test_a_source_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is unpacked."""
    monkeypatch.setattr(handler, "_UNPACKED_LIMIT", 3)
    with pytest.raises(SourceError, match="unpacks to 4 bytes, 3 allowed"):
        handler.strip_top_folder(BytesIO(archive({"top/a": "1234"})), BytesIO())
