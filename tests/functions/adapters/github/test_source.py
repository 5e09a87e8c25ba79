"""Reading source: branches, commits, comparisons, files and archives."""

import io
import os
import subprocess
import zipfile

import pytest

from functions.adapters.github.client import GitHub
from functions.adapters.github.errors import GitHubNotFoundError, GitHubUnavailableError
from functions.adapters.github.types import UNKNOWN, Commit
from functions.domain.limits import ARCHIVE
from local.github import LocalGitHub
from tests.local.github.support import REPOSITORY, WorkingCopy

_GONE = "1234567890" * 4


def test_the_head_of_a_branch_is_its_newest_commit(github: GitHub, copy: WorkingCopy) -> None:
    """A branch with a slash in its name is found like any other."""
    sha = copy.commit("first", {"a": "1"})
    copy.push("origin", "HEAD", "HEAD:refs/heads/release/1.2")
    assert github.branch_head(REPOSITORY, "main") == sha
    assert github.branch_head(REPOSITORY, "release/1.2") == sha


def test_a_missing_branch_is_no_fault_but_a_missing_repository_is(github: GitHub, copy: WorkingCopy) -> None:
    """No such branch is an answer; no such repository never passes for it."""
    copy.commit("first", {"a": "1"})
    copy.push()
    assert github.branch_head(REPOSITORY, "topic") is None
    with pytest.raises(GitHubNotFoundError, match=r"acme/nothing: branch main: 404 .*may not read"):
        github.branch_head("acme/nothing", "main")


def test_a_commit_is_told_in_one_request(github: GitHub, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """Message, author and account come from a single call, whatever names the commit."""
    sha = copy.commit("first\n\nwhy", {"a": "1"})
    copy.git("tag", "-a", "-m", "one", "v1.2.0")
    copy.push("origin", "HEAD", "v1.2.0")
    hub.requests.clear()
    told = github.commit(REPOSITORY, "v1.2.0")
    assert told == Commit(sha, "first\n\nwhy", "Ada", "ada@example.com", "ada", told.committed_at)
    assert told.committed_at.endswith("+00:00")
    assert len(hub.requests) == 1


def test_an_author_without_account_has_no_login(github: GitHub, copy: WorkingCopy) -> None:
    """GitHub knows no account for a foreign e-mail address."""
    copy.commit("first", {"a": "1"})
    copy.git("commit", "--quiet", "--amend", "--author", "Bob <bob@nowhere.example>", "--no-edit")
    copy.push()
    assert github.commit(REPOSITORY, "main").author_login is None


def test_a_commit_that_is_not_there_is_named(github: GitHub, copy: WorkingCopy) -> None:
    """An unknown sha, GitHub's 422, is a not-found fault."""
    copy.commit("first", {"a": "1"})
    copy.push()
    with pytest.raises(GitHubNotFoundError, match=_GONE):
        github.commit(REPOSITORY, _GONE)


def test_a_comparison_names_every_touched_file(github: GitHub, copy: WorkingCopy) -> None:
    """Added, changed, deleted, and both names of a renamed file."""
    base = copy.commit("first", {"kept": "1", "gone": "1", "old/name": "a long enough line\n" * 9})
    copy.push()
    copy.git("mv", "old/name", "new-name")
    second = copy.commit("second", {"kept": "2", "gone": None, "added": "1"})
    third = copy.commit("third", {"added": "2"})
    copy.push()
    told = github.compare(REPOSITORY, base, third)
    assert (told.status, told.ahead_by, told.behind_by) == ("ahead", 2, 0)
    assert set(told.files or ()) == {"kept", "gone", "old/name", "new-name", "added"}
    assert [commit.sha for commit in told.commits] == [second, third]


def test_a_comparison_knows_its_direction(github: GitHub, copy: WorkingCopy) -> None:
    """identical, behind and diverged are told apart; going back, GitHub does not tell the files that change."""
    first = copy.commit("first", {"a": "1"})
    second = copy.commit("second", {"a": "2"})
    copy.git("checkout", "--quiet", "-b", "topic", first)
    other = copy.commit("other", {"b": "1"})
    copy.push("origin", "main", "topic")
    same = github.compare(REPOSITORY, second, second)
    assert (same.status, same.files, same.commits) == ("identical", (), ())
    behind = github.compare(REPOSITORY, second, first)
    assert (behind.status, behind.behind_by, behind.files) == ("behind", 1, None)
    diverged = github.compare(REPOSITORY, second, other)
    assert (diverged.status, diverged.ahead_by, diverged.behind_by) == ("diverged", 1, 1)
    assert diverged.files is None


def test_what_cannot_be_compared_is_unknown(github: GitHub, copy: WorkingCopy) -> None:
    """A base that is gone, none at all, or one without common history is unknown; a missing head is a fault."""
    sha = copy.commit("first", {"a": "1"})
    copy.git("checkout", "--quiet", "--orphan", "other")
    other = copy.commit("unrelated", {"b": "1"})
    copy.push("origin", "main", "other")
    assert github.compare(REPOSITORY, _GONE, sha) == UNKNOWN
    assert github.compare(REPOSITORY, "0" * 40, sha) == UNKNOWN
    assert github.compare(REPOSITORY, other, sha) == UNKNOWN
    with pytest.raises(GitHubNotFoundError):
        github.compare(REPOSITORY, sha, _GONE)


@pytest.mark.parametrize(("count", "complete"), [(299, True), (300, False), (301, False)])
def test_a_comparison_that_github_cut_has_no_files(
    github: GitHub, copy: WorkingCopy, count: int, complete: bool
) -> None:
    """At 300 files nobody knows what is missing, so nothing is told."""
    base = copy.commit("first", {"a": "1"})
    head = copy.commit("many", {f"many/{number}": str(number) for number in range(count)})
    copy.push()
    files = github.compare(REPOSITORY, base, head).files
    assert (files is not None and len(files) == count) is complete
    assert complete or files is None


def test_a_comparison_tells_at_most_250_commits(github: GitHub, copy: WorkingCopy) -> None:
    """A long range is read page after page, up to 250; the count tells the rest."""
    base = copy.commit("first", {"a": "1"})
    first, *more = (
        f"commit refs/heads/long\ncommitter Ada <ada@example.com> {number} +0000\ndata <<.\ncommit {number}\n.\n"
        for number in range(260)
    )
    commits = "".join((f"{first}from {base}\n", *more))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=copy.path, input=commits, text=True, check=True)
    head = copy.git("rev-parse", "long")
    copy.push("origin", "long:refs/heads/main")
    told = github.compare(REPOSITORY, base, head)
    assert (told.ahead_by, len(told.commits)) == (260, 250)
    assert [commit.message.rstrip() for commit in told.commits[:2]] == ["commit 0", "commit 1"]


@pytest.mark.parametrize("content", [b"", b"text\n", bytes(range(256)), b"x" * (1024 * 1024 + 1)])
def test_a_file_is_read_byte_for_byte(github: GitHub, copy: WorkingCopy, content: bytes) -> None:
    """Empty, text, binary, and above the 1 MB that GitHub gives at once."""
    copy.commit("first", {"dir/a file.bin": content})
    copy.push()
    assert github.read_file(REPOSITORY, "dir/a file.bin", "main") == content


def test_a_file_that_is_not_there_is_none(github: GitHub, copy: WorkingCopy) -> None:
    """A missing file and a directory are no file; a missing ref is a fault."""
    copy.commit("first", {"dir/a": "1"})
    copy.push()
    assert github.read_file(REPOSITORY, "kiro.yaml", "main") is None
    assert github.read_file(REPOSITORY, "dir", "main") is None
    with pytest.raises(GitHubNotFoundError):
        github.read_file(REPOSITORY, "dir/a", "no-such-ref")


def test_the_archive_is_the_source_in_one_folder(github: GitHub, copy: WorkingCopy) -> None:
    """The zip holds every file below owner-name-sha."""
    noise = os.urandom(3_000_000)
    sha = copy.commit("first", {"src/app.py": "print(1)\n", "noise": noise})
    copy.push("origin", "HEAD", "HEAD:refs/heads/release/1.2")
    for ref in (sha, "release/1.2"):
        target = io.BytesIO()
        github.download_archive(REPOSITORY, ref, target, ARCHIVE)
        with zipfile.ZipFile(target) as archive:
            folder = f"acme-hello-service-{sha[:7]}"
            assert archive.read(f"{folder}/src/app.py") == b"print(1)\n"
            assert archive.read(f"{folder}/noise") == noise


def test_an_archive_that_fails_does_not_tell_its_address(github: GitHub, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """The address holds a key, so the fault names only repository, call and kind."""
    copy.commit("first", {"a": "1"})
    copy.push()
    hub.respond_with("GET", "^/codeload/", 502)
    with pytest.raises(GitHubUnavailableError) as fault:
        github.download_archive(REPOSITORY, "main", io.BytesIO(), ARCHIVE)
    assert f"{REPOSITORY}: archive of main: no valid response (502)" in str(fault.value)
    assert "token" not in str(fault.value)
    assert fault.value.__cause__ is None
    with pytest.raises(GitHubNotFoundError):
        github.download_archive(REPOSITORY, "no-such-ref", io.BytesIO(), ARCHIVE)
