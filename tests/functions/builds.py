"""Builds on moto."""

from typing import Any

from tests.functions.stack import ACCOUNT, Stack

PROJECT = "kiro-pipeline-test-build"


def create_project(stack: Stack, name: str = PROJECT) -> None:
    """Create a project whose builds do nothing."""
    stack.client("codebuild").create_project(
        name=name,
        source={"type": "S3", "location": "bucket/source.zip"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/service-role/build",
    )


def start(stack: Stack) -> str:
    """Start a build; returns its id."""
    create_project(stack)
    return str(stack.client("codebuild").start_build(projectName=PROJECT)["build"]["id"])


def end(stack: Stack, build_id: str, status: str, **facts: Any) -> None:
    """Let a build have ended with this status; without it moto reports every build as succeeded."""
    ended = {"buildStatus": status, "buildComplete": True, "currentPhase": "COMPLETED", "phases": []}
    stack.rewrite(build_id, **{**ended, **facts})
