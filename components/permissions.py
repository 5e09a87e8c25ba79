"""What a room's `Allow(…, on="…")` means in this stack: a closed list of names, each with its ARNs."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import pulumi

from components.estate import Estate
from components.site import Grant
from functions.entry import Allow
from statemachines.definitions import WORKFLOWS

Arns = Sequence[pulumi.Input[str]]

TARGETS: Mapping[str, Callable[[Estate], Arns]] = {
    "table/deployments": lambda estate: [estate.storage.deployments.arn],
    "table/environments": lambda estate: [estate.storage.environments.arn],
    "table/locks": lambda estate: [estate.storage.locks.arn],
    "table/waits": lambda estate: [estate.storage.waits.arn],
    "table/work-items": lambda estate: [estate.storage.work_items.arn],
    "index/work-items": lambda estate: _indexes(estate.storage.work_items.arn, "StateIndex"),
    "index/deployments": lambda estate: _indexes(estate.storage.deployments.arn, "EnvironmentStatusIndex"),
    "index/waits": lambda estate: _indexes(estate.storage.waits.arn, "EnvironmentIndex", "ExecutionIndex"),
    "bucket/artifacts": lambda estate: [estate.storage.bucket.arn],
    "bucket/artifacts/*": lambda estate: [pulumi.Output.concat(estate.storage.bucket.arn, "/*")],
    "key": lambda estate: [estate.key_arn],
    "secret/github": lambda estate: [estate.secrets.arns["github"]],
    "secret/webhook": lambda estate: [estate.secrets.arns["webhook"]],
    "secret/monitors": lambda estate: [estate.secrets.arns["monitors"]],
    "secret/slack": lambda estate: [estate.secrets.arns["slack"]],
    "secrets": lambda estate: list(estate.secrets.arns.values()),
    "topics": lambda estate: [topic.arn for topic in estate.channels.topics.values()],
    "bus": lambda estate: [estate.channels.bus.arn],
    "projects": lambda estate: [project.arn for project in estate.projects().values()],
    "executions": lambda estate: [estate.site.executions_arn(workflow) for workflow in WORKFLOWS],
    "workflow/deployment": lambda estate: [estate.site.workflow_arn("deployment")],
    "workflow/stage": lambda estate: [estate.site.workflow_arn("stage")],
    "workflow/rollback": lambda estate: [estate.site.workflow_arn("rollback")],
    "workflow/work_item": lambda estate: [estate.site.workflow_arn("work_item")],
    "function/poll_board": lambda estate: [estate.site.function_arn("events-poll-board")],
    "workflows": lambda estate: [estate.site.workflow_arn(workflow) for workflow in WORKFLOWS],
    "deploy-roles": lambda estate: [estate.deploy_role_arn(one) for one in estate.settings.environments],
    "security-hub": lambda estate: estate.security_hub_products(),
    "*": lambda _: ["*"],
}
# The names whose ARNs hold a wildcard: a room that uses one says why.
BROAD = frozenset({"bucket/artifacts/*", "executions", "*"})


def merged(allowed: Iterable[Allow]) -> list[Allow]:
    """A room's permissions in order: what adapters ask for twice is there once, with a reason where it needs one."""
    found: dict[tuple[str, str], list[str]] = {}
    for allow in allowed:
        actions = found.setdefault((allow.on, allow.why), [])
        actions += [action for action in allow.actions if action not in actions]
    return [
        Allow(tuple(sorted(actions)), on, why if on in BROAD else "") for (on, why), actions in sorted(found.items())
    ]


def grants(allowed: Iterable[Allow], estate: Estate) -> list[Grant]:
    """A room's permissions as statements; what is switched off is never granted."""
    return [
        Grant(allow.actions, tuple(TARGETS[allow.on](estate)), allow.why)
        for allow in merged(allowed)
        if TARGETS[allow.on](estate)
    ]


def _indexes(table_arn: pulumi.Output[str], *names: str) -> list[pulumi.Input[str]]:
    return [pulumi.Output.concat(table_arn, "/index/", name) for name in names]
