"""CodeBuild projects of each repository: to build, for tests, and one per environment to run commands (I5)."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import codebuild

from components.platform.programs import PROGRAMS, stack_program, upload
from components.stack.environment_settings import EnvironmentSettings
from components.stack.logs import log_group
from components.stack.naming import Grant, Naming
from components.stack.network import network_grants, placed
from components.stack.role import Role
from components.stack.settings import Settings, Vpc
from components.stack.storage import Storage
from functions.domain.projects import project_of

BUILD = "build"
TESTS = ("integration-test", "e2e-test")
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


def deploy_project(environment: str) -> str:
    """The name, within the stack, of the project that runs an environment's commands."""
    return f"deploy-{environment}"


def test_project(position: int) -> str:
    """The name, within the stack, of the project that tests an environment: integration in the first, else e2e."""
    return TESTS[min(position, 1)]


def things(settings: Settings) -> tuple[str, ...]:
    """The names, within the stack, that the projects of every repository begin with."""
    return (BUILD, *TESTS, *(deploy_project(one.name) for one in settings.environments))


def prefix_of(thing: str, repository: str) -> str:
    """The prefix of the artifacts bucket that a project writes its artifacts below; no setting but these two names it.

    Both projects of tests have the same, because the order of the environments decides which of them runs.
    """
    return f"builds/{repository}/{'tests' if thing in TESTS else thing}"


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


def build_grants(
    kind: str,
    repository: str,
    *,
    name: str,
    naming: Naming,
    bucket_arn: pulumi.Input[str],
    key_arn: pulumi.Input[str],
    logs_arn: pulumi.Input[str],
    vpc: Vpc | None,
    environment: EnvironmentSettings | None = None,
    pushed_images: Sequence[str] = (),
) -> list[Grant]:
    """A build's permissions: to read its repository's sources and release, and to write its own artifacts; no secret.

    It may push to the ECR repositories in `pushed_images` (URIs), and to no other.

    Commands of an environment with a role of its own account may assume it, if its trust policy admits them. They may
    read releases that were built below `deployments/`, before repositories had prefixes, because a rollback runs them
    again; the bucket keeps objects for 90 days.
    """
    own, cache = prefix_of(kind, repository), f"cache/{repository}/{kind}"
    read = [f"sources/{repository}", prefix_of(BUILD, repository), own, cache]
    if kind not in (BUILD, *TESTS):
        read.append("deployments")

    def below(prefix: str) -> pulumi.Output[str]:
        return pulumi.Output.concat(bucket_arn, f"/{prefix}/*")

    return [
        Grant(
            ("s3:GetObject", "s3:GetObjectVersion"),
            tuple(below(prefix) for prefix in dict.fromkeys(read)),
            why="objects below a prefix of this bucket only",
        ),
        Grant(
            ("s3:PutObject",),
            (below(own), below(cache)),
            why="objects below a prefix of this bucket only",
        ),
        Grant(("s3:GetBucketAcl", "s3:GetBucketLocation"), (bucket_arn,)),
        Grant(("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"), (key_arn,)),
        Grant(
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            (pulumi.Output.concat(logs_arn, ":*"),),
            why="log streams of this log group only; CodeBuild names them after the build",
        ),
        Grant(
            (
                "codebuild:CreateReportGroup",
                "codebuild:CreateReport",
                "codebuild:UpdateReport",
                "codebuild:BatchPutTestCases",
                "codebuild:BatchPutCodeCoverages",
            ),
            (naming.arn("codebuild", f"report-group/{name}-*"),),
            why="CodeBuild creates the report groups that a repository's buildspec names, with the project's name",
        ),
        *network_grants(naming, vpc),
        *_deploys(environment, repository, name, naming, bucket_arn),
        *_pushes(pushed_images, naming),
    ]


def _deploys(
    environment: EnvironmentSettings | None,
    repository: str,
    project: str,
    naming: Naming,
    bucket_arn: pulumi.Input[str],
) -> list[Grant]:
    """To assume the role of the environment's account, and to apply Pulumi stacks."""
    if environment is None:
        return []
    role = [Grant(("sts:AssumeRole",), (environment.deploy_role_arn,))] if environment.deploy_role_arn else []
    stacks = stack_grants(environment, repository, project, naming, bucket_arn) if environment.pulumi_bucket else []
    return [*role, *stacks]


def stack_grants(
    environment: EnvironmentSettings, repository: str, project: str, naming: Naming, bucket_arn: pulumi.Input[str]
) -> list[Grant]:
    """To run the program that applies Pulumi stacks, and to keep the states of the repository's stacks.

    In another account the role there has the permissions for the states. All names in the bucket can be listed: Pulumi
    asks for objects that may be missing, and S3 answers 404 only to whoever may list the bucket without a prefix
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html). A stack's lock is cancelled only if CodeBuild
    says that the build of this project that left it has ended.
    """
    program = [
        Grant(
            ("s3:GetObject", "s3:GetObjectVersion"),
            (pulumi.Output.concat(bucket_arn, f"/{PROGRAMS}/*"),),
            why="programs of the platform are named after their content",
        ),
        Grant(("codebuild:BatchGetBuilds",), (naming.arn("codebuild", f"project/{project}"),)),
    ]
    if environment.deploy_role_arn:
        return program
    bucket, own = f"arn:{naming.partition}:s3:::{environment.pulumi_bucket}", f"{environment.name}/{repository}"
    states = [
        Grant(("s3:ListBucket",), (bucket,)),
        Grant(
            ("s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
            (f"{bucket}/{own}/*",),
            why="the states of this repository's stacks in this environment only",
        ),
        Grant(("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"), (environment.pulumi_key_arn,)),
    ]
    return [*program, *states]


def _pushes(repositories: Sequence[str], naming: Naming) -> list[Grant]:
    """To push images, also on top of layers that are there.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
    """
    if not repositories:
        return []
    return [
        Grant(("ecr:GetAuthorizationToken",), ("*",), why="GetAuthorizationToken can't be restricted to a repository"),
        Grant(
            (
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:GetDownloadUrlForLayer",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ),
            tuple(naming.image_repository_arn(one) for one in repositories),
        ),
    ]
