"""CodeBuild projects of each repository: to build, for tests, and one per environment to run commands (I5)."""

from collections.abc import Mapping

import pulumi
from pulumi_aws import codebuild

from components.platform.build_grants import build_grants
from components.platform.programs import stack_program, upload
from components.platform.projects import BUILD, TESTS, deploy_project
from components.stack.environment_settings import EnvironmentSettings
from components.stack.logs import log_group
from components.stack.naming import Naming
from components.stack.network import placed
from components.stack.role import Role
from components.stack.settings import Settings
from components.stack.storage import Storage
from functions.domain.projects import project_of

REPORTS = {"tests": "TEST", "coverage": "CODE_COVERAGE"}
COMPUTE = {"small": "BUILD_GENERAL1_SMALL", "medium": "BUILD_GENERAL1_MEDIUM", "large": "BUILD_GENERAL1_LARGE"}
_BUILD_MINUTES, QUEUE_MINUTES = 60, 480
# A project without a source must have a buildspec. StartBuild overrides source, buildspec and artifacts; a build that
# somebody starts by hand fails with this message.
PLACEHOLDER = """version: 0.2
phases:
  build:
    commands:
      - echo "Only a workflow can start this build, because it provides source and buildspec" && exit 1
"""


class Builds(pulumi.ComponentResource):
    """The projects by repository and name; each has its own role, log group, cache and report groups.

    `program` is the key of the program that applies Pulumi stacks.
    """

    projects: Mapping[tuple[str, str], codebuild.Project]
    program: pulumi.Output[str]

    def __init__(
        self,
        *,
        naming: Naming,
        settings: Settings,
        storage: Storage,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kiro:index:Builds", "builds", None, opts)
        self._naming = naming
        self._settings = settings
        self._bucket = storage.bucket
        self._key_arn = key_arn
        self._inner = pulumi.ResourceOptions(parent=self)
        projects = {}
        for repository in settings.github.names():
            for name in (BUILD, *TESTS):
                projects[repository, name] = self._project(repository, name)
            for environment in settings.environments:
                name = deploy_project(environment.name)
                projects[repository, name] = self._project(repository, name, environment)
        self.projects = projects
        self.program = upload("pulumi-program", stack_program(), storage, self._inner)
        self.register_outputs({"projects": [project.name for project in projects.values()]})

    def _project(self, repository: str, kind: str, environment: EnvironmentSettings | None = None) -> codebuild.Project:
        thing = project_of(kind, repository)
        naming, name = self._naming, self._naming.name(thing)
        pushed = self._settings.github.built_images(repository) if kind == BUILD else ()
        logs = log_group(
            thing,
            f"/aws/codebuild/{name}",
            key_arn=self._key_arn,
            retention_days=self._settings.log_retention_days,
            opts=self._inner,
        )
        # `deploy-{environment}` is the name of the deploy role; the role of the build must have another.
        role = Role(
            f"codebuild-{thing}",
            naming=naming,
            trust={"Service": "codebuild.amazonaws.com"},
            grants=build_grants(
                kind,
                repository,
                name=name,
                naming=naming,
                bucket_arn=self._bucket.arn,
                key_arn=self._key_arn,
                logs_arn=logs.arn,
                vpc=self._settings.codebuild.vpc,
                environment=environment,
                pushed_images=pushed,
            ),
            managed_policies=environment.deploy_policy_arns if environment else (),
            opts=self._inner,
        )
        for report, content in REPORTS.items():
            codebuild.ReportGroup(
                f"{thing}-{report}",
                name=f"{name}-{report}",
                type=content,
                export_config=codebuild.ReportGroupExportConfigArgs(type="NO_EXPORT"),
                delete_reports=True,
                opts=self._inner,
            )
        return codebuild.Project(
            thing,
            name=name,
            description=f"{kind} of {repository}; started by {naming.name('deployment')}",
            service_role=role.arn,
            source=codebuild.ProjectSourceArgs(type="NO_SOURCE", buildspec=PLACEHOLDER),
            artifacts=codebuild.ProjectArtifactsArgs(type="NO_ARTIFACTS"),
            environment=codebuild.ProjectEnvironmentArgs(
                type="LINUX_CONTAINER",
                compute_type=COMPUTE[self._settings.codebuild.compute_type],
                image=self._settings.codebuild.image,
                # Docker needs it: https://docs.aws.amazon.com/codebuild/latest/userguide/sample-docker.html
                privileged_mode=bool(pushed),
                environment_variables=_variables(environment),
            ),
            cache=codebuild.ProjectCacheArgs(
                type="S3", location=pulumi.Output.concat(self._bucket.bucket, f"/cache/{repository}/{kind}")
            ),
            build_timeout=_BUILD_MINUTES,
            queued_timeout=QUEUE_MINUTES,
            encryption_key=self._key_arn,
            vpc_config=placed(self._settings.codebuild.vpc),
            logs_config=codebuild.ProjectLogsConfigArgs(
                cloudwatch_logs=codebuild.ProjectLogsConfigCloudwatchLogsArgs(status="ENABLED", group_name=logs.name)
            ),
            opts=self._inner,
        )


def _variables(
    environment: EnvironmentSettings | None,
) -> list[codebuild.ProjectEnvironmentEnvironmentVariableArgs] | None:
    """The variable that names the role of a command in the environment's own account; set only if it may be assumed."""
    if environment is None or environment.deploy_role_arn is None:
        return None
    role = environment.deploy_role_arn
    return [codebuild.ProjectEnvironmentEnvironmentVariableArgs(name="KIRO_DEPLOY_ROLE", value=role)]
