"""The permissions of CodeBuild projects: their own sources and artifacts, states of Pulumi stacks, and images."""

from collections.abc import Sequence

import pulumi

from components.platform.programs import PROGRAMS
from components.platform.projects import BUILD, TESTS, prefix_of
from components.stack.environment_settings import EnvironmentSettings
from components.stack.naming import Grant, Naming
from components.stack.network import network_grants
from components.stack.settings import Vpc


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
