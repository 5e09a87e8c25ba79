"""Builds on moto, which ends none by itself: they end here, as CodeBuild would say it."""

from typing import Any

from moto.codebuild.models import codebuild_backends

from tests.functions.stack import ACCOUNT, REGION, Stack

PROJECT = "kiro-pipeline-test-build"


def create_project(stack: Stack, name: str = PROJECT) -> None:
    """A project that builds nothing."""
    stack.client("codebuild").create_project(
        name=name,
        source={"type": "S3", "location": "bucket/source.zip"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/service-role/build",
    )


def start(stack: Stack) -> str:
    """The id of a build that runs."""
    create_project(stack)
    return str(stack.client("codebuild").start_build(projectName=PROJECT)["build"]["id"])


def end(build_id: str, status: str, **facts: Any) -> None:
    """The build has ended so."""
    for history in codebuild_backends[ACCOUNT][REGION].build_metadata_history.values():
        for place, build in enumerate(history):
            if build["id"] == build_id:
                told = {"buildStatus": status, "buildComplete": True, "currentPhase": "COMPLETED", "phases": []}
                history[place] = _Final({**build, **told, **facts})


class _Final(dict[str, Any]):
    """A build that stays as it ended: moto would call every build succeeded that it is asked for."""

    def __setitem__(self, key: str, value: Any) -> None:
        pass
