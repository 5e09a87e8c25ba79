"""Builds on moto."""

from typing import Any

from functions.domain.projects import project_of
from tests.functions.samples import RELEASE
from tests.functions.stack import ACCOUNT, Stack

# What the names of the projects begin with, and the project of the samples' repository.
BEGIN = "kiro-pipeline-test-build"
PROJECT = project_of(BEGIN, RELEASE.repository)


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


class Queue:
    """The build queue of the account: full for as long as a test says so, since moto has none.

    Code and words: https://github.com/awslabs/landing-zone-accelerator-on-aws/issues/249
    """

    EVENT = "before-call.codebuild.StartBuild"

    def __init__(self, stack: Stack) -> None:
        self._events = stack.client("codebuild").meta.events
        self._error = {"Code": "", "Message": ""}

    def fill(self, limit: int = 1) -> None:
        """From now on the queue is full."""
        self.refuse("AccountLimitExceededException", f"Cannot have more than {limit} builds in queue for the account")

    def refuse(self, code: str, message: str) -> None:
        """From now on StartBuild answers with this error."""
        self.free()  # registered twice, it would have to be taken away twice
        self._error = {"Code": code, "Message": message}
        self._events.register(self.EVENT, self._refuse)

    def free(self) -> None:
        """There is a place again."""
        self._events.unregister(self.EVENT, self._refuse)

    def _refuse(self, **_: Any) -> Any:
        return HTTPResponse(400), {"Error": self._error, "ResponseMetadata": {"HTTPStatusCode": 400}}


class HTTPResponse:
    """What botocore looks at of an answer over HTTP."""

    def __init__(self, status: int) -> None:
        self.status_code = status
        self.headers: dict[str, str] = {}
