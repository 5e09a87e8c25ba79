"""The names that a handler's `Allow(…, on="…")` may use, each with its ARNs in this stack."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import pulumi

from components.functions.resources import StackResources
from components.stack.naming import PROJECT_CONFIG, Grant
from functions.handler import Allow
from statemachines.definitions import WORKFLOWS

Arns = Sequence[pulumi.Input[str]]


def _below(prefix: str, stack: StackResources) -> Arns:
    return [pulumi.Output.concat(stack.storage.bucket.arn, f"/{prefix}/*")]


TARGETS: Mapping[str, Callable[[StackResources], Arns]] = {
    "table/deployments": lambda stack: [stack.storage.deployments.arn],
    "table/environments": lambda stack: [stack.storage.environments.arn],
    "table/locks": lambda stack: [stack.storage.locks.arn],
    "table/waits": lambda stack: [stack.storage.waits.arn],
    "table/work-items": lambda stack: [stack.storage.work_items.arn],
    "index/work-items": lambda stack: _indexes(stack.storage.work_items.arn, "StateIndex"),
    "index/deployments": lambda stack: _indexes(
        stack.storage.deployments.arn, "EnvironmentStatusIndex", "StartedIndex", "UnderwayIndex"
    ),
    "index/waits": lambda stack: _indexes(stack.storage.waits.arn, "EnvironmentIndex", "ExecutionIndex", "OpenIndex"),
    "bucket/artifacts": lambda stack: [stack.storage.bucket.arn],
    "bucket/artifacts/*": lambda stack: [pulumi.Output.concat(stack.storage.bucket.arn, "/*")],
    **{f"bucket/artifacts/{prefix}/*": partial(_below, prefix) for prefix in ("builds", "programs", "sources")},
    "bucket/artifacts/packages/*": lambda stack: [pulumi.Output.concat(stack.storage.bucket.arn, "/packages/*")],
    "bucket/artifacts/provenance/*": lambda stack: [pulumi.Output.concat(stack.storage.bucket.arn, "/provenance/*")],
    "key": lambda stack: [stack.key_arn],
    "provenance-key": lambda stack: [stack.signing.arn],
    "secret/github": lambda stack: [stack.secrets.arns["github"]],
    # Where builds push with a token, CodeBuild alone reads the secret.
    "secret/git": lambda stack: [stack.secrets.arns["git"]] if stack.settings.worker.git_credential == "app" else [],
    "secret/webhook": lambda stack: [stack.secrets.arns["webhook"]],
    "secret/monitors": lambda stack: [stack.secrets.arns["monitors"]],
    "secret/slack": lambda stack: [stack.secrets.arns["slack"]],
    "parameter/github-project-config": lambda stack: [
        stack.naming.arn("ssm", f"parameter{stack.naming.parameter(PROJECT_CONFIG)}")
    ],
    "secret/slack-signing": lambda stack: [stack.secrets.arns["slack-signing"]],
    "secrets": lambda stack: list(stack.secrets.arns.values()),
    "topics": lambda stack: [topic.arn for topic in stack.channels.topics.values()],
    "bus": lambda stack: [stack.channels.bus.arn],
    "projects": lambda stack: [stack.naming.arn("codebuild", f"project/{one}-*") for one in stack.project_names()],
    "executions": lambda stack: [stack.naming.executions_arn(workflow) for workflow in WORKFLOWS],
    "workflow/deployment": lambda stack: [stack.naming.workflow_arn("deployment")],
    "workflow/stage": lambda stack: [stack.naming.workflow_arn("stage")],
    "workflow/rollback": lambda stack: [stack.naming.workflow_arn("rollback")],
    "workflow/work_item": lambda stack: [stack.naming.workflow_arn("work_item")],
    "functions": lambda stack: _every_function(stack, ""),
    "function-versions": lambda stack: _every_function(stack, ":*"),
    "function/plan_pull_requests": lambda stack: [stack.naming.function_arn("events-plan-pull-requests")],
    "function/review_jobs": lambda stack: [stack.naming.function_arn("events-review-jobs")],
    "function/poll_board": lambda stack: [stack.naming.function_arn("events-poll-board")],
    "workflows": lambda stack: [stack.naming.workflow_arn(workflow) for workflow in WORKFLOWS],
    "deploy-roles": lambda stack: [stack.deploy_role_arn(one) for one in stack.settings.environments],
    "images": lambda stack: [
        stack.naming.image_repository_arn(one) for one in stack.settings.github.image_repositories()
    ],
    "read-roles": lambda stack: [stack.read_role_arn(one) for one in stack.settings.environments],
    "security-hub": lambda stack: stack.security_hub_products(),
    "*": lambda _: ["*"],
}
# The names whose ARNs contain a wildcard; a handler that uses one must give the reason.
BROAD = frozenset(
    {
        "bucket/artifacts/*",
        "bucket/artifacts/builds/*",
        "bucket/artifacts/programs/*",
        "bucket/artifacts/sources/*",
        "bucket/artifacts/packages/*",
        "bucket/artifacts/provenance/*",
        "executions",
        "functions",
        "function-versions",
        "projects",
        "*",
    }
)


def merged(allowed: Iterable[Allow]) -> list[Allow]:
    """A handler's permissions in order, without duplicates; only those with a wildcard keep their reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for allow in allowed:
        actions = found.setdefault((allow.on, allow.why), [])
        actions += [action for action in allow.actions if action not in actions]
    return [
        Allow(tuple(sorted(actions)), on, why if on in BROAD else "") for (on, why), actions in sorted(found.items())
    ]


def grants(allowed: Iterable[Allow], stack: StackResources) -> list[Grant]:
    """A handler's permissions as statements; names without an ARN (features that are switched off) are left out."""
    return [
        Grant(allow.actions, tuple(TARGETS[allow.on](stack)), allow.why)
        for allow in merged(allowed)
        if TARGETS[allow.on](stack)
    ]


def _every_function(stack: StackResources, qualifier: str) -> list[pulumi.Input[str]]:
    """The tasks of the pipeline's workflows and of the worker's; a name of a function holds no colon."""
    return [stack.naming.function_arn(prefix) + qualifier for prefix in ("*", "work-item-*")]


def _indexes(table_arn: pulumi.Output[str], *names: str) -> list[pulumi.Input[str]]:
    return [pulumi.Output.concat(table_arn, "/index/", name) for name in names]
