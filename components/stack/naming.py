"""Names and ARNs of the resources of a stack (I8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from functions.domain.images import ecr_repository

# Folders of the artifacts bucket whose objects expire; releases were built below `deployments` before version 0.2.
EXPIRING = frozenset({"builds", "cache", "deployments", "packages", "programs", "sources"})
# All folders. The worker's artifacts are below the name of the stack, so no stack is called so.
PREFIXES = EXPIRING | {"provenance"}
# Roles and functions allow 64 characters, which is the lowest limit of all resources with these names.
_NAME_LIMIT = 64
# The parameter with which people change the board; the program does not change its value.
PROJECT_CONFIG = "github-project-config"
# Prefixes of the worker's resources; all others belong to the pipeline or to both.
_WORKER = ("worker-", "work-item", "events-poll-board")


@dataclass(frozen=True, slots=True)
class Grant:
    """One IAM statement; `why` is the reason for a wildcard in `resources` and is required if there is one."""

    actions: tuple[str, ...]
    resources: tuple[pulumi.Input[str], ...]
    why: str = ""
    condition: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BroadGrant:
    """A statement with a wildcard in its resources: the role that has it, its actions, and the reason."""

    role: str
    actions: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Naming:
    """One stack in one account and region; `broad_grants` collects the statements with wildcards of all roles."""

    stack: str
    account: str
    region: str
    partition: str
    broad_grants: list[BroadGrant] = field(default_factory=list)

    @classmethod
    def here(cls) -> "Naming":
        """The names of the stack, account and region that the program runs for."""
        identity, region, partition = aws.get_caller_identity(), aws.get_region(), aws.get_partition()
        stack = pulumi.get_stack()
        if stack in PREFIXES:
            raise ValueError(
                f"the stack is called {stack}, which is a folder of the artifacts bucket: choose another name"
            )
        return cls(stack, identity.account_id, region.region, partition.partition)

    def name(self, thing: str) -> str:
        """`kiro-pipeline-{stack}-{thing}`, `kiro-worker-…` for the worker's; raises ValueError if it is too long."""
        family = "worker" if thing.startswith(_WORKER) else "pipeline"
        name = f"kiro-{family}-{self.stack}-{thing.removeprefix('worker-')}"
        if len(name) > _NAME_LIMIT:
            raise ValueError(f"{name} has {len(name)} characters, AWS allows {_NAME_LIMIT}: choose a shorter {thing}")
        return name

    def parameter(self, name: str) -> str:
        """`/kiro-worker/{stack}/{name}` for what concerns the board, `/kiro-pipeline/…` for the rest."""
        family = "worker" if name == PROJECT_CONFIG else "pipeline"
        return f"/kiro-{family}/{self.stack}/{name}"

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        """The ARN of a resource of this account, also before it exists; `region` defaults to the stack's."""
        region = "" if service == "iam" else region or self.region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"

    def image_repository_arn(self, uri: str) -> str:
        """The ARN of an ECR repository, which may be of another account."""
        repository = ecr_repository(uri)
        return f"arn:{self.partition}:ecr:{repository.region}:{repository.account}:repository/{repository.name}"

    def role_arn(self, name: str) -> str:
        """The ARN of a role of this account."""
        return self.arn("iam", f"role/{name}")

    def workflow_name(self, workflow: str) -> str:
        """`enhanced_watch` → `kiro-pipeline-{stack}-enhanced-watch`."""
        return self.name(workflow.replace("_", "-"))

    def workflow_arn(self, workflow: str) -> str:
        """The ARN of a workflow by its name: functions start workflows that call functions, so neither is first."""
        return self.arn("states", f"stateMachine:{self.workflow_name(workflow)}")

    def executions_arn(self, workflow: str) -> str:
        """The ARNs of all executions of a workflow."""
        return self.arn("states", f"execution:{self.workflow_name(workflow)}:*")

    def function_arn(self, thing: str) -> str:
        """The ARN of a function, for resources that are created before it."""
        return self.arn("lambda", f"function:{self.name(thing)}")
