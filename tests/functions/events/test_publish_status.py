"""Domain events become commit statuses and GitHub deployments."""

import json
from typing import Any

import pytest
from github import Auth, Github
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.errors import GitHubNotFoundError
from functions.domain.manifests import Health
from functions.domain.releases import Release
from functions.handler import encode
from local.github import LocalGitHub
from tests.functions.samples import ENVIRONMENT, LEASE, SERVICE, detail, state
from tests.functions.stack import MACHINES, Stack
from tests.local.github.support import REPOSITORY, TOKEN, WorkingCopy


@pytest.fixture
def sha(stack: Stack, copy: WorkingCopy) -> str:
    """A commit on GitHub, for a stack with the environment `production`."""
    definition = {"States": {"Begin": {"Assign": {"environments": [encode(ENVIRONMENT)]}}}}
    stack.client("stepfunctions").update_state_machine(
        stateMachineArn=MACHINES["deployment"], definition=json.dumps(definition)
    )
    commit = copy.commit("one", {"a": "1"})
    copy.push()
    return commit


def publish(stack: Stack, name: str, sha: str, **changes: Any) -> Any:
    """Run the handler for an event of a release."""
    facts = {"deploymentId": "main-1", "release": Release(REPOSITORY, "refs/heads/main", sha), "environment": "test"}
    return stack.run("events.publish_status", {"detail-type": name, "detail": detail(name, **{**facts, **changes})})


def shown(hub: LocalGitHub, sha: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The newest status of each context, and each deployment with its newest state."""
    with Github(base_url=hub.api_url, auth=Auth.Token(TOKEN), lazy=True) as client:
        repository = client.get_repo(REPOSITORY)
        statuses = {one.context: one.state for one in repository.get_commit(sha).get_combined_status().statuses}
        deployments = [(one.environment, next(iter(one.get_statuses())).state) for one in repository.get_deployments()]
    return statuses, deployments


def test_a_release_is_followed_on_github(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """N2: pending, then its result, in one GitHub deployment per environment, also if events are repeated."""
    assert publish(stack, "DeploymentStarted", sha, environments=["test"]) == {"statuses": 2}
    assert shown(hub, sha) == ({"kiro": "pending", "kiro/test": "pending"}, [("test", "queued")])
    publish(stack, "RollbackStarted", sha)
    assert shown(hub, sha)[1] == [("test", "in_progress")]
    for _ in range(2):
        publish(stack, "StageFinished", sha, result="passed")
        publish(stack, "DeploymentFinished", sha, outcome="deployed")
    assert shown(hub, sha) == ({"kiro": "success", "kiro/test": "success"}, [("test", "success")])


def test_statuses_link_to_the_execution_and_name_production(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """N2: where to look; a protected environment is one of production, and no other."""
    release = Release(REPOSITORY, "refs/heads/main", sha)
    DeploymentsTable.connect(stack.clients).begin("main-1", release, "arn:e", "push")
    for name in ("test", "production"):
        publish(stack, "StageFinished", sha, result="passed", environment=name)
    repository = hub.repository(REPOSITORY)
    page = "https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1#/v2/executions/details/arn:e"
    assert {one.target_url for one in repository.statuses} == {page}
    assert [one.production for one in repository.deployments] == [False, True]
    assert {status.log_url for one in repository.deployments for status in one.statuses} == {page}


def test_a_deployment_that_succeeded_links_to_what_runs(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """N2: the address of the release's own service, as it is recorded; none while nothing of it runs there."""
    health = Health("https://{environment}.{DOMAIN}/health")
    others = replace(SERVICE, name="acme/other", health=Health("https://other.example.com/health"))
    running = EnvironmentsTable.connect(stack.clients)
    running.save(replace(state(others), repository="acme/other"), LEASE)
    publish(stack, "StageFinished", sha, result="passed", environment="production")
    running.save(replace(state(replace(SERVICE, health=health)), repository=REPOSITORY), LEASE)
    for result in ("passed", "restored"):
        publish(stack, "StageFinished", sha, result=result, environment="production")
    (deployment,) = hub.repository(REPOSITORY).deployments
    links = [(one.state, one.environment_url) for one in deployment.statuses]
    assert links == [("success", ""), ("success", "https://production.example.com"), ("failure", "")]


def test_a_repeated_start_does_not_replace_the_end(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """N2: the record says that it has ended."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin("main-1", Release(REPOSITORY, "refs/heads/main", sha), "arn:e", "push")
    deployments.conclude("main-1", "failed", "")
    publish(stack, "DeploymentFinished", sha, outcome="failed")
    assert publish(stack, "DeploymentStarted", sha, environments=["test"]) == {"statuses": 0}
    assert shown(hub, sha)[0] == {"kiro": "failure"}


def test_each_gate_has_a_status_with_a_link(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """G5: the link is the log of the build that was judged."""
    gates = [{"name": "tests", "outcome": "failed", "reason": "1 of 2 tests failed: c.a"}]
    publish(stack, "GatesJudged", sha, gates=gates, log="https://log.example.com/1")
    found = {one.context: (one.state, one.target_url) for one in hub.repository(REPOSITORY).statuses}
    assert found["kiro/gate/tests"] == found["kiro/gates"] == ("failure", "https://log.example.com/1")


def test_another_deployment_of_the_same_commit_is_another(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """Each deployment has its own GitHub deployment."""
    publish(stack, "StageFinished", sha, result="passed")
    publish(stack, "StageFinished", sha, result="restored", deploymentId="main-2")
    assert len(shown(hub, sha)[1]) == 2


def test_an_event_without_a_release_is_not_published(stack: Stack) -> None:
    """Begin could not read GitHub, so there is no release."""
    failed = detail("DeploymentFinished", release=None, outcome="failed")
    handed = {"detail-type": "DeploymentFinished", "detail": failed}
    assert stack.run("events.publish_status", handed) == {"statuses": 0}


def test_a_rollback_of_what_nobody_released_here_has_no_status(stack: Stack) -> None:
    """It has no repository: it was deployed outside the platform."""
    done = detail("RollbackFinished", release=Release("", "", ""))
    assert stack.run("events.publish_status", {"detail-type": "RollbackFinished", "detail": done}) == {"statuses": 0}


def test_a_failure_is_an_error_that_is_retried(stack: Stack, hub: LocalGitHub, sha: str) -> None:
    """EventBridge keeps the event."""
    with pytest.raises(GitHubNotFoundError):
        publish(stack, "StageFinished", "f" * 40, result="passed")
