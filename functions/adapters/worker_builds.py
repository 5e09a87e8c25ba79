"""The worker's builds in CodeBuild, as the function reads them that gives them tokens."""

from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.builds import PROJECTS
from functions.domain.projects import project_of
from functions.handler import Allow

if TYPE_CHECKING:
    from mypy_boto3_codebuild import CodeBuildClient

    from functions.runtime import Clients


class WorkerBuilds:
    """Builds of the worker's projects; `project` is what the names of these projects begin with."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WORKER_PROJECT",)
    READ: ClassVar[tuple[Allow, ...]] = (Allow(("codebuild:BatchGetBuilds",), on="projects", why=PROJECTS),)

    def __init__(self, client: "CodeBuildClient", project: str) -> None:
        self._client = client
        self._project = project

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The worker's projects of this stack."""
        return cls(aws.client("codebuild"), aws.setting("WORKER_PROJECT"))

    def repository(self, build_id: str) -> str:
        """The repository for which a build runs; "" if no such build of the worker runs.

        The variable is the one with which the workflow started the build. The project has to be that repository's.
        """
        for build in self._client.batch_get_builds(ids=[build_id])["builds"]:
            variables = {one["name"]: one["value"] for one in build["environment"]["environmentVariables"]}
            repository = variables.get("KIRO_REPOSITORY", "")
            ours = build["projectName"] == project_of(self._project, repository)
            if ours and build["buildStatus"] == "IN_PROGRESS":
                return repository
        return ""
