"""A CodeBuild endpoint for the shared emulator, and helpers that start a build and wait for it."""

from __future__ import annotations

import io
import time
import uuid
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from local.clients import Clients, clients
from local.codebuild import CodeBuildServer
from tests.roles import new_role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.emulator import Emulator

Record = dict[str, Any]
DEADLINE_SECONDS = 20.0
# CodeBuild's shortest timeout is five minutes, which last one second here
MINUTE_SECONDS = 0.2


@dataclass
class Workbench:
    """The endpoint with its clients and events, and helpers for tests of builds."""

    aws: Clients
    server: CodeBuildServer
    events: list[Record] = field(default_factory=list)

    @property
    def codebuild(self) -> Any:
        """A boto3 client of the endpoint."""
        return self.aws.client("codebuild")

    def project(self, buildspec: str = "", **settings: Any) -> str:
        """Create a project with a unique name; without a source it needs a buildspec."""
        name = f"project-{uuid.uuid4().hex[:8]}"
        self.codebuild.create_project(
            name=name,
            **{
                "source": {"type": "NO_SOURCE", "buildspec": buildspec},
                "artifacts": {"type": "NO_ARTIFACTS"},
                "environment": {
                    "type": "LINUX_CONTAINER",
                    "image": "aws/codebuild/standard:7.0",
                    "computeType": "BUILD_GENERAL1_SMALL",
                },
                "serviceRole": new_role(self.aws),
                **settings,
            },
        )
        return name

    def start(self, project: str, **overrides: Any) -> str:
        """Start a build; returns its id."""
        return str(self.codebuild.start_build(projectName=project, **overrides)["build"]["id"])

    def get(self, build_id: str) -> Record:
        """Return a build as it is now."""
        build: Record = self.codebuild.batch_get_builds(ids=[build_id])["builds"][0]
        return build

    def finish(self, build_id: str) -> Record:
        """Wait until a build is complete."""
        return self.wait(build_id, lambda build: bool(build["buildComplete"]))

    def wait(self, build_id: str, condition: Any) -> Record:
        """Wait until a condition holds for a build; returns the build."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            build = self.get(build_id)
            if condition(build):
                return build
            time.sleep(0.02)
        build = self.get(build_id)
        raise AssertionError(f"build {build_id} did not meet the condition within {DEADLINE_SECONDS} s: {build}")

    def run(self, buildspec: str, **overrides: Any) -> Record:
        """Run a buildspec to its end, in a new project."""
        return self.finish(self.start(self.project(buildspec), **overrides))

    def log(self, build: Record) -> list[str]:
        """Return the log of a build, line by line."""
        events = self.aws.client("logs").get_log_events(
            logGroupName=build["logs"]["groupName"], logStreamName=build["logs"]["streamName"], startFromHead=True
        )["events"]
        return [event["message"].rstrip("\n") for event in events]

    def events_of(self, build: Record) -> list[Record]:
        """Return the events about one build, in their order."""
        return [event for event in self.events if event["detail"]["build-id"] == build["arn"]]

    def bucket(self, **objects: bytes) -> str:
        """Create a bucket with objects."""
        name, s3 = f"bucket-{uuid.uuid4().hex[:8]}", self.aws.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": self.aws.region})
        for key, body in objects.items():
            s3.put_object(Bucket=name, Key=key, Body=body)
        return name


def zipped(**files: str) -> bytes:
    """Return a zip archive; `__` in a name stands for a dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return buffer.getvalue()


def phases(build: Record) -> dict[str, str]:
    """Return the status of every phase, in their order."""
    return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in build["phases"]}


@pytest.fixture(scope="session")
def codebuild_workbench(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """One endpoint for the session."""
    events: list[Record] = []
    server = CodeBuildServer(
        emulator.endpoint,
        emulator.region,
        emulator.account,
        root=tmp_path_factory.mktemp("codebuild"),
        publish=events.append,
        build_environment={"AWS_ENDPOINT_URL": emulator.endpoint},
        minute=MINUTE_SECONDS,
    )
    with server, clients(emulator.endpoint, emulator.region, server.endpoint) as aws:
        yield Workbench(aws, server, events)


@pytest.fixture
def bench(codebuild_workbench: Workbench) -> Workbench:
    """The session's endpoint."""
    return codebuild_workbench
