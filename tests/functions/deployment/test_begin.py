"""Begin: the record is written once, with the facts of the commit from GitHub."""

from typing import Any

import pytest

from functions.domain.errors import BadInputError, GitHubNotFoundError
from functions.domain.releases import LONGEST_NAME
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, WorkingCopy


def begin(stack: Stack, **changes: Any) -> Any:
    """Run the handler."""
    wanted = {
        "deploymentId": "main-1",
        "execution": "arn:execution:main-1",
        "repository": REPOSITORY,
        "ref": "refs/heads/main",
        "commit": "",
        "trigger": "operator",
    }
    return stack.run("deployment.begin", {**wanted, **changes})


def test_a_commit_is_completed(stack: Stack, copy: WorkingCopy) -> None:
    """Author, message and time come from GitHub, for a push and for a start by branch."""
    sha = copy.commit("feat: greet", {"a": "1"})
    copy.push()
    release = begin(stack)["release"]
    assert (release["commit"], release["author"], release["message"]) == (sha, "Ada", "feat: greet")
    assert release["committedAt"].endswith("+00:00")
    assert begin(stack, commit=sha)["release"] == release


def test_a_message_of_any_length_is_delivered(stack: Stack, copy: WorkingCopy) -> None:
    """git allows 294 KB, but a state's output 256 KiB; the record keeps the title and the first part."""
    (copy.path / ".git" / "long").write_text("feat: greet\n\n" + "x" * 294_000, "utf-8")
    copy.git("commit", "--quiet", "--allow-empty", "--file", ".git/long")
    copy.push()
    message = begin(stack)["release"]["message"]
    assert message.startswith("feat: greet\n\nxxx")
    assert len(message) < 10_000


def test_an_emergency_is_part_of_the_release(stack: Stack, copy: WorkingCopy) -> None:
    """P8: and so of the record and of all notifications."""
    copy.commit("fix: greet", {"a": "1"})
    copy.push()
    assert begin(stack)["release"]["emergency"] is False
    assert begin(stack, deploymentId="main-2", emergency=True)["release"]["emergency"] is True
    assert stack.deployment("main-2")["release"]["emergency"] is True


def test_a_record_is_opened_once(stack: Stack, copy: WorkingCopy) -> None:
    """A retry changes nothing; the record expires after 90 days."""
    copy.commit("feat: greet", {"a": "1"})
    copy.push()
    begin(stack)
    first = stack.deployment("main-1")
    begin(stack, execution="arn:other", trigger="push")
    assert stack.deployment("main-1") == first
    assert (first["trigger"], first["status"], first["ledger"]) == ("operator", "running", {})
    assert first["expiresAt"] > 0


def test_a_commit_that_github_does_not_know_opens_nothing(stack: Stack, copy: WorkingCopy) -> None:
    """The error names the commit."""
    copy.commit("feat: greet", {"a": "1"})
    copy.push()
    with pytest.raises(GitHubNotFoundError):
        begin(stack, commit="f" * 40)
    assert stack.deployment("main-1") == {}


def test_a_name_that_is_too_long_is_refused(stack: Stack, copy: WorkingCopy) -> None:
    """Before a stage fails by its own name; the longest allowed name begins."""
    copy.commit("feat: greet", {"a": "1"})
    copy.push()
    longest = "a" * LONGEST_NAME
    with pytest.raises(BadInputError, match=r"a' has 49 characters; at most 48 are allowed"):
        begin(stack, deploymentId=f"{longest}a")
    assert stack.deployment(f"{longest}a") == {}
    begin(stack, deploymentId=longest)
    assert stack.deployment(longest)["status"] == "running"
