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
# A project of the stack lets a build wait for 8 hours and run for 8 at most (components/platform).
_LONGEST = timedelta(hours=17)
# The list is that of the account. This many, of all its projects, were started in less than that time.
_MOST = 3000


class RunningBuilds:
    """Builds are read from CodeBuild, because an orphaned build may be in no table."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("BUILD_PROJECTS", "REPOSITORIES")
    LIST: ClassVar[tuple[Allow, ...]] = (
        Allow(("codebuild:BatchGetBuilds",), on="projects", why=PROJECTS),
        Allow(("codebuild:ListBuilds",), on="*", why="lists ids of builds of the account, and knows no resource"),
    )

    def __init__(self, client: "CodeBuildClient", projects: frozenset[str], clock: Clock) -> None:
        self._client = client
        self._projects = projects
        self._clock = clock

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The projects of this stack, for each of its repositories."""
        begins, repositories = aws.setting("BUILD_PROJECTS").split(","), aws.setting("REPOSITORIES").split(",")
        projects = frozenset(project_of(begin, repository) for repository in repositories for begin in begins)
        return cls(aws.client("codebuild"), projects, Clock())

    def all(self) -> Iterator[RunningBuild]:
        """Every build in progress, from the newest back to one that must have ended.

        There are hundreds of projects where there are many repositories, so they are not listed one by one.
        """
        oldest = self._clock.now() - _LONGEST
        pages = self._client.get_paginator("list_builds").paginate(
            sortOrder="DESCENDING", PaginationConfig={"MaxItems": _MOST}
        )
        ids = (one for page in pages for one in page["ids"] if one.partition(":")[0] in self._projects)
        while batch := list(islice(ids, _BATCH)):
            builds = self._client.batch_get_builds(ids=batch)["builds"]
            yield from (_running(build) for build in builds if build["buildStatus"] == "IN_PROGRESS")
            if any(build["startTime"] < oldest for build in builds):
                break


def _running(build: Any) -> RunningBuild:
    variables = {one["name"]: one["value"] for one in build.get("environment", {}).get("environmentVariables", [])}
    return RunningBuild(build["id"], variables.get("KIRO_DEPLOYMENT", ""), iso(build["startTime"]))
