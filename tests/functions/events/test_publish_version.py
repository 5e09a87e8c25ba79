"""A release that is good in its last environment gets its version once (M4)."""

import json
from typing import Any

import pytest

from functions.domain.errors import GitHubError
from functions.domain.order import Order
from functions.domain.owners import Claim
from functions.domain.releases import Release
from functions.handler import encode
from local.github import LocalGitHub
from tests.functions.samples import ENVIRONMENT, detail, environment
from tests.functions.stack import MACHINES, Stack
from tests.local.github.support import REPOSITORY, WorkingCopy

PASSED = {"test": {"result": "passed"}, "production": {"result": "passed"}}


@pytest.fixture(autouse=True)
def _settings(stack: Stack) -> None:
    stack.settings["VERSIONED"] = REPOSITORY
    begin = {
        "Arguments": {"repositories": [encode(Claim(REPOSITORY))]},
        "Assign": {"environments": [encode(environment(name="test")), encode(ENVIRONMENT)]},
    }
    stack.client("stepfunctions").update_state_machine(
        stateMachineArn=MACHINES["deployment"], definition=json.dumps({"States": {"Begin": begin}})
    )


def finished(stack: Stack, sha: str, ref: str = "refs/heads/main", **changes: Any) -> Any:
    """Run the handler for the end of a deployment."""
    release = Release(REPOSITORY, ref, sha, order=Order(1, 1))
    told = detail("DeploymentFinished", **{"release": release, "stages": PASSED, **changes})
    return stack.run("events.publish_version", {"detail-type": "DeploymentFinished", "detail": told})


def pushed(copy: WorkingCopy, *messages: str) -> str:
    """Push a commit for each message; returns the last."""
    for message in messages:
        copy.commit(message, {"a": message})
    copy.push()
    return copy.git("rev-parse", "HEAD")


def tags(hub: LocalGitHub) -> dict[str, str]:
    """The commit of each tag."""
    return {
        name.removeprefix("refs/tags/"): ref.commit
        for name, ref in hub.repository(REPOSITORY).git.refs("refs/tags").items()
    }


def test_versions_follow_from_the_commits(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """M4: the first, a minor, none, and a patch; each once, also when the event comes again."""
    one = pushed(copy, "feat: greet")
    assert finished(stack, one) == {"outcome": "published", "version": "v0.1.0"}
    two = pushed(copy, "feat: greet by name", "fix: spell it")
    for expected in ("published", "published before"):
        assert finished(stack, two) == {"outcome": expected, "version": "v0.2.0"}
    assert finished(stack, pushed(copy, "docs: how"))["outcome"] == "no version"
    four = pushed(copy, "fix: mend")
    assert finished(stack, four)["version"] == "v0.2.1"
    assert finished(stack, two)["outcome"] == "no version"
    assert tags(hub) == {"v0.1.0": one, "v0.2.0": two, "v0.2.1": four}
    second = hub.repository(REPOSITORY).releases[1]
    assert second.body
    assert "- greet by name" in second.body
    assert f"{REPOSITORY}/compare/v0.1.0...v0.2.0" in second.body


def test_a_try_that_ended_after_the_tag_is_completed(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """The release has the notes of the same commits."""
    pushed(copy, "feat: greet")
    copy.git("tag", "v1.0.0")
    sha = pushed(copy, "feat: greet by name")
    copy.git("tag", "v1.1.0")
    copy.push("origin", "v1.0.0", "v1.1.0")
    assert finished(stack, sha) == {"outcome": "published", "version": "v1.1.0"}
    (made,) = hub.repository(REPOSITORY).releases
    assert made.body
    assert "- greet by name" in made.body


def test_a_version_tag_gets_its_release(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """Whatever its commits ask for: a person chose it."""
    sha = pushed(copy, "docs: how")
    copy.git("tag", "v3.0.0")
    copy.push("origin", "v3.0.0")
    assert finished(stack, sha, "refs/tags/v3.0.0") == {"outcome": "published", "version": "v3.0.0"}
    assert tags(hub) == {"v3.0.0": sha}


def test_a_tag_is_never_moved(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """Somebody tagged another commit meanwhile: an error, and the tag stays."""
    one = pushed(copy, "feat: greet")
    sha = pushed(copy, "fix: mend")
    copy.git("tag", "v0.1.0", one)
    copy.push("origin", "v0.1.0")
    hub.respond_with("GET", ".*/git/matching-refs/tags/v", 200, body=b"[]")
    with pytest.raises(GitHubError, match=r"tag v0\.1\.0 is at"):
        finished(stack, sha)
    assert tags(hub) == {"v0.1.0": one}
    assert finished(stack, sha)["version"] == "v0.1.1"


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"stages": {"test": {"result": "passed"}}}, "not good in production"),
        ({"outcome": "restored"}, "not good in production"),
        ({"release": None}, "no versions"),
    ],
)
def test_what_is_not_good_gets_no_version(
    stack: Stack, hub: LocalGitHub, copy: WorkingCopy, changes: dict[str, Any], outcome: str
) -> None:
    """A release that ended before production, or was rolled back."""
    assert finished(stack, pushed(copy, "feat: greet"), **changes)["outcome"] == outcome
    assert tags(hub) == {}


def test_a_branch_and_another_repository_get_no_version(stack: Stack, hub: LocalGitHub, copy: WorkingCopy) -> None:
    """Only what the main branch has is a version, and only where the stack says so."""
    sha = pushed(copy, "feat: greet")
    release = Release(REPOSITORY, "refs/heads/topic", sha, order=Order(1, 1, 1))
    assert finished(stack, sha, release=release)["outcome"] == "no version"
    stack.settings["VERSIONED"] = "none"
    assert finished(stack, sha)["outcome"] == "no versions"
    assert tags(hub) == {}
