"""The worker's build: its program, its project, and a role for its artifacts and secrets only (I5)."""

from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pulumi
from pulumi_aws import codebuild

from components.platform.builds import COMPUTE, PLACEHOLDER, QUEUE_MINUTES
from components.platform.programs import BUILDSPECS, PROGRAMS, upload
from components.stack.logs import log_group
from components.stack.naming import Grant, Naming
from components.stack.network import network_grants, placed
from components.stack.role import Role
from components.stack.secrets import Secrets
from components.stack.settings import Settings, Vpc
from components.stack.storage import Storage
from functions.domain.projects import project_of
from functions.handler import camel

WORKER = "worker"
WORKER_BUILD = "worker-build"
BUILDSPEC = BUILDSPECS / "work_item.yml"
_PROGRAM = BUILDSPECS / "work_item"
_SHIPPED = frozenset({".py", ".json", ".md"})
_LIBRARIES = ("markdown-it-py", "mdurl")


def board(settings: Settings) -> dict[str, Any]:
    """The board in the format of `adapters/github/board.py`; number 0 means that none is configured."""
    github, worker = settings.github, settings.worker
    return {
        "owner": github.organisation or "",
        "number": github.project_number or 0,
        "statusField": github.status_column,
        "branchField": worker.branch_field,
        "reasonField": worker.reason_field,
        "columns": {camel(name): value for name, value in worker.columns.model_dump().items()},
    }


def rules(settings: Settings) -> dict[str, Any]:
    """The rules for work items in the format of `adapters/worker_rules.py`."""
    worker = settings.worker
    return {
        "repositories": settings.github.names(),
        "mainBranch": settings.github.main_branch,
        "branchNamespace": worker.branch_namespace,
        "concurrency": worker.concurrency,
        "attempts": worker.attempts,
        "coveragePercent": worker.coverage_percent,
    }


def program_files() -> dict[str, Path]:
    """The files of the program's archive by path: the program, and the libraries that it imports, with their licences.

    The libraries are those that are installed here, of the versions that functions/requirements.txt pins. They are
    plain Python, so that a build needs no installation.
    """
    own = (file for file in _PROGRAM.rglob("*") if file.suffix in _SHIPPED and "__pycache__" not in file.parts)
    files = {f"work_item/{file.relative_to(_PROGRAM).as_posix()}": file for file in own}
    for library in _LIBRARIES:
        for file in metadata.files(library) or ():
            if file.suffix == ".py" or "LICENSE" in file.name:
                files[file.as_posix()] = Path(str(file.locate()))
    return dict(sorted(files.items()))


class Worker(pulumi.ComponentResource):
    """A project for each repository; each build gets its repository and branch as variables."""

    projects: Mapping[str, codebuild.Project]
    program: pulumi.Output[str]

    def __init__(
        self,
        *,
        naming: Naming,
        settings: Settings,
        storage: Storage,
        secrets: Secrets,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kiro:index:Worker", "worker", None, opts)
        self._naming, self._settings, self._key_arn = naming, settings, key_arn
        self._inner = pulumi.ResourceOptions(parent=self)
        self.program = upload("worker-program", program_files(), storage, self._inner)
        self.projects = {one: self._project(one, storage, secrets) for one in settings.github.names()}
        self.register_outputs({"projects": [project.name for project in self.projects.values()]})

    def _project(self, repository: str, storage: Storage, secrets: Secrets) -> codebuild.Project:
        naming, settings = self._naming, self._settings
        thing = project_of(WORKER_BUILD, repository)
        name = naming.name(thing)
        logs = log_group(
            thing,
            f"/aws/codebuild/{name}",
            key_arn=self._key_arn,
            retention_days=settings.log_retention_days,
            opts=self._inner,
        )
        by_token, keyed = settings.worker.git_credential == "token", bool(settings.worker.preset().key_variable)
        readable = [*(["git"] if by_token else []), *(["agent"] if keyed else [])]
        lender = "" if by_token else naming.function_arn("events-git-token")
        role = Role(
            project_of("worker-codebuild", repository),
            naming=naming,
            trust={"Service": "codebuild.amazonaws.com"},
            grants=worker_grants(
                repository,
                naming=naming,
                bucket_arn=storage.bucket.arn,
                secret_arns=[secrets.arns[one] for one in readable],
                lender_arn=lender,
                key_arn=self._key_arn,
                logs_arn=logs.arn,
                vpc=settings.codebuild.vpc,
            ),
            opts=self._inner,
        )
        # The agent's key by name only: a value in the environment of the build would be there for its whole time.
        plain: dict[str, pulumi.Input[str]] = {**self._variables(), "KIRO_TOKEN_FUNCTION": lender}
        if "agent" in readable:
            plain["KIRO_AGENT_SECRET"] = secrets.arns["agent"]
        variables = [
            codebuild.ProjectEnvironmentEnvironmentVariableArgs(name=key, value=value) for key, value in plain.items()
        ]
        # `secret:key`: CodeBuild reads the value itself, and masks it in the log.
        credential = codebuild.ProjectEnvironmentEnvironmentVariableArgs(
            name="KIRO_GIT_TOKEN", type="SECRETS_MANAGER", value=pulumi.Output.concat(secrets.arns["git"], ":token")
        )
        return codebuild.Project(
            thing,
            name=name,
            description=f"The agent's work on one board item of {repository}; started by the work-item workflow",
            service_role=role.arn,
            source=codebuild.ProjectSourceArgs(type="NO_SOURCE", buildspec=PLACEHOLDER),
            artifacts=codebuild.ProjectArtifactsArgs(type="NO_ARTIFACTS"),
            environment=codebuild.ProjectEnvironmentArgs(
                type="LINUX_CONTAINER",
                compute_type=COMPUTE[settings.codebuild.compute_type],
                image=settings.codebuild.image,
                environment_variables=[*variables, credential] if by_token else variables,
            ),
            # No cache: files that the build of one branch leaves there would run in the build of another.
            build_timeout=settings.worker.build_minutes,
            queued_timeout=QUEUE_MINUTES,
            encryption_key=self._key_arn,
            vpc_config=placed(settings.codebuild.vpc),
            logs_config=codebuild.ProjectLogsConfigArgs(
                cloudwatch_logs=codebuild.ProjectLogsConfigCloudwatchLogsArgs(status="ENABLED", group_name=logs.name)
            ),
            opts=self._inner,
        )

    def _variables(self) -> dict[str, str]:
        worker = self._settings.worker
        return {
            "KIRO_GIT_URL": self._settings.github.url,
            "KIRO_NAMESPACE": worker.branch_namespace,
            "KIRO_AGENT": worker.agent_command,
            "KIRO_AGENT_PRESET": worker.agent,
            "KIRO_AGENT_VERSION": worker.agent_version,
            "KIRO_AGENT_BUDGET_USD": f"{worker.agent_budget_usd:g}",
            "KIRO_AGENT_KEY_VARIABLE": worker.agent_key_variable,
            "KIRO_AGENT_VARIABLES": ",".join(worker.agent_variables),
            "KIRO_TASK_SECONDS": str(worker.task_minutes * 60),
            "KIRO_BUILD_SECONDS": str(worker.build_minutes * 60),
            "KIRO_COVERAGE_PERCENT": str(worker.coverage_percent),
        }


def worker_grants(
    repository: str,
    *,
    naming: Naming,
    bucket_arn: pulumi.Input[str],
    secret_arns: Sequence[pulumi.Input[str]],
    lender_arn: pulumi.Input[str] = "",
    key_arn: pulumi.Input[str],
    logs_arn: pulumi.Input[str],
    vpc: Vpc | None,
) -> list[Grant]:
    """The worker's permissions: its program, artifacts, its secrets and log; no other secret, board or workflow."""
    return [
        Grant(
            ("s3:GetObject", "s3:GetObjectVersion"),
            (pulumi.Output.concat(bucket_arn, f"/{PROGRAMS}/*"),),
            why="the worker's program is named after its content",
        ),
        Grant(
            ("s3:PutObject",),
            (pulumi.Output.concat(bucket_arn, f"/{naming.stack}/{repository}/*"),),
            why="artifacts are stored below the names of the stack, the repository and the attempt",
        ),
        Grant(("s3:GetBucketAcl", "s3:GetBucketLocation"), (bucket_arn,)),
        Grant(("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"), (key_arn,)),
        *([Grant(("secretsmanager:GetSecretValue",), tuple(secret_arns))] if secret_arns else []),
        *([Grant(("lambda:InvokeFunction",), (lender_arn,))] if lender_arn else []),
        Grant(
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            (pulumi.Output.concat(logs_arn, ":*"),),
            why="log streams of this log group only; CodeBuild names them after the build",
        ),
        *network_grants(naming, vpc),
    ]
