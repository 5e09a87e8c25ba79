"""The builds in progress in the stack's CodeBuild projects."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.builds import PROJECTS
from functions.adapters.clock import Clock, iso
from functions.domain.projects import project_of
from functions.domain.reconciliation import RunningBuild
from functions.handler import Allow

if TYPE_CHECKING:
    from mypy_boto3_codebuild import CodeBuildClient

    from functions.runtime import Clients

# What BatchGetBuilds takes in one call.
_BATCH = 100
# A build waits in its queue for up to 8 hours, and runs for up to 36:
# https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html
_LONGEST = timedelta(hours=44)


class RunningBuilds:
    """Builds are read from CodeBuild, because an orphaned build may be in no table."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("BUILD_PROJECTS", "REPOSITORIES")
    LIST: ClassVar[tuple[Allow, ...]] = (
        Allow(("codebuild:ListBuildsForProject", "codebuild:BatchGetBuilds"), on="projects", why=PROJECTS),
    )

    def __init__(self, client: "CodeBuildClient", projects: tuple[str, ...], clock: Clock) -> None:
        self._client = client
        self._projects = projects
        self._clock = clock

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The projects of this stack, for each of its repositories."""
        begins, repositories = aws.setting("BUILD_PROJECTS").split(","), aws.setting("REPOSITORIES").split(",")
        projects = tuple(project_of(begin, repository) for repository in repositories for begin in begins)
        return cls(aws.client("codebuild"), projects, Clock())

    def all(self) -> Iterator[RunningBuild]:
        """Every build in progress; each project is read from its newest build back to one that must have ended."""
        oldest = self._clock.now() - _LONGEST
        for project in self._projects:
            pages = self._client.get_paginator("list_builds_for_project").paginate(
                projectName=project, sortOrder="DESCENDING"
            )
            ids = (build_id for page in pages for build_id in page["ids"])
            while batch := list(islice(ids, _BATCH)):
                builds = self._client.batch_get_builds(ids=batch)["builds"]
                yield from (_running(build) for build in builds if build["buildStatus"] == "IN_PROGRESS")
                if any(build["startTime"] < oldest for build in builds):
                    break


def _running(build: Any) -> RunningBuild:
    variables = {one["name"]: one["value"] for one in build.get("environment", {}).get("environmentVariables", [])}
    return RunningBuild(build["id"], variables.get("KIRO_DEPLOYMENT", ""), iso(build["startTime"]))
