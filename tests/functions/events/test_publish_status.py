"""Domain events become what GitHub shows."""

from typing import Any

import pytest
from github import Auth, Github

from functions.domain.errors import GitHubNotFoundError
from functions.domain.releases import Release
from local.github import LocalGitHub
from tests.functions.samples import detail
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY, TOKEN, WorkingCopy


@pytest.fixture
def sha(copy: WorkingCopy) -> str:
    """A commit that GitHub knows."""
    commit = copy.commit("one", {"a": "1"})
    copy.push()
    return commit


def publish(stack: Stack, name: str, sha: str, **changes: Any) -> Any:
    """Run the handler for an event of a release."""
    facts = {"deploymentId": "main-1", "release": Release(REPOSITORY, "refs/heads/main", sha), "environment": "test"}
    return stack.run("events.publish_status", {"detail-type": name, "detail": detail(name, **{**facts, **changes})})


def seen(hub: LocalGitHub, sha: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The newest status of each context, and each deployment with its newest state."""
    with Github(base_url=hub.api_url, auth=Auth.Token(TOKEN), lazy=True) as client:
        repository = client.get_repo(REPOSITORY)
        statuses = {one.context: one.state for one in repository.get_commit(sha).get_combined_status().statuses}
        deployments = [(one.environment, next(iter(one.get_statuses())).state) for one in repository.get_deployments()]
    return statuses, deployments


def test_a_release_is_followed_on_github(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """N2: pending, then the end of its stage, in one GitHub deployment per environment however often it is told."""
    assert publish(stack, "DeploymentStarted", sha, environments=["test"]) == {"statuses": 2}
    assert seen(hub, sha) == ({"kiro": "pending", "kiro/test": "pending"}, [])
    publish(stack, "RollbackStarted", sha)
    assert seen(hub, sha)[1] == [("test", "in_progress")]
    for _ in range(2):
        publish(stack, "StageFinished", sha, result="passed")
        publish(stack, "DeploymentFinished", sha, outcome="deployed")
    assert seen(hub, sha) == ({"kiro": "success", "kiro/test": "success"}, [("test", "success")])


def test_another_deployment_of_the_same_commit_is_another(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """Each deployment has its own on GitHub."""
    publish(stack, "StageFinished", sha, result="passed")
    publish(stack, "StageFinished", sha, result="restored", deploymentId="main-2")
    assert len(seen(hub, sha)[1]) == 2


def test_an_event_without_a_release_has_nobody_to_tell(stack: Stack) -> None:
    """Begin could not ask GitHub; GitHub is not asked again."""
    failed = detail("DeploymentFinished", release=None, outcome="failed")
    handed = {"detail-type": "DeploymentFinished", "detail": failed}
    assert stack.run("events.publish_status", handed) == {"statuses": 0}


def test_a_failure_is_a_fault_that_is_run_again(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """EventBridge keeps the event."""
    with pytest.raises(GitHubNotFoundError):
        publish(stack, "StageFinished", "f" * 40, result="passed")
