"""Builds of the worker: for which repository one runs."""

import pytest

from functions.adapters.worker_builds import WorkerBuilds
from functions.domain.projects import project_of
from tests.functions.stack import ACCOUNT, Stack
from tests.local.github.support import REPOSITORY

PROJECT = "kiro-worker-build"
OURS = project_of(PROJECT, REPOSITORY)


def start(stack: Stack, project: str = OURS, repository: str = REPOSITORY, status: str = "IN_PROGRESS") -> str:
    """The id of a build with this status that was started for a repository."""
    client = stack.client("codebuild")
    client.create_project(
        name=project,
        source={"type": "S3", "location": "bucket/source.zip", "buildspec": "version: 0.2"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "image", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/builds",
    )
    build_id = client.start_build(projectName=project)["build"]["id"]
    # moto's builds have ended at once, and have no variables
    variables = [{"name": "KIRO_REPOSITORY", "value": repository, "type": "PLAINTEXT"}]
    return stack.rewrite(build_id, buildStatus=status, environment={"environmentVariables": variables})


def repository(stack: Stack, build_id: str) -> str:
    """What the adapter answers."""
    return WorkerBuilds(stack.client("codebuild"), PROJECT).repository(build_id)


def test_a_running_build_is_for_the_repository_with_which_it_was_started(stack: Stack) -> None:
    """W10: its project is that of the repository."""
    assert repository(stack, start(stack)) == REPOSITORY


@pytest.mark.parametrize("project", ["kiro-build", project_of(PROJECT, "acme/other")])
def test_a_build_of_another_project_is_none_of_the_worker(stack: Stack, project: str) -> None:
    """A build of a release, and one that names another repository than its project is for."""
    assert repository(stack, start(stack, project)) == ""


def test_a_build_that_has_ended_or_never_was_is_none(stack: Stack) -> None:
    """A token is for the time of the build."""
    assert repository(stack, start(stack, status="STOPPED")) == ""
    assert repository(stack, f"{OURS}:00000000-0000-0000-0000-000000000000") == ""
