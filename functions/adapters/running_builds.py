"""The builds in progress in the stack's CodeBuild projects."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.clock import iso
from functions.domain.reconciliation import RunningBuild
from functions.handler import Allow

if TYPE_CHECKING:
    from mypy_boto3_codebuild import CodeBuildClient

    from functions.runtime import Clients


class RunningBuilds:
    """Builds are read from CodeBuild, because an orphaned build may be in no table."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("BUILD_PROJECTS",)
    LIST: ClassVar[tuple[Allow, ...]] = (
        Allow(("codebuild:ListBuildsForProject", "codebuild:BatchGetBuilds"), on="projects"),
    )

    def __init__(self, client: "CodeBuildClient", projects: tuple[str, ...]) -> None:
        self._client = client
        self._projects = projects

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The projects of this stack."""
        return cls(aws.client("codebuild"), tuple(aws.setting("BUILD_PROJECTS").split(",")))

    def all(self) -> Iterator[RunningBuild]:
        """The builds in progress among the newest 100 of each project; builds end within an hour."""
        for project in self._projects:
            ids = self._client.list_builds_for_project(projectName=project, sortOrder="DESCENDING")["ids"][:100]
            builds = self._client.batch_get_builds(ids=ids)["builds"] if ids else []
            yield from (_running(build) for build in builds if build["buildStatus"] == "IN_PROGRESS")


def _running(build: Any) -> RunningBuild:
    variables = {one["name"]: one["value"] for one in build.get("environment", {}).get("environmentVariables", [])}
    return RunningBuild(build["id"], variables.get("KIRO_DEPLOYMENT", ""), iso(build["startTime"]))
