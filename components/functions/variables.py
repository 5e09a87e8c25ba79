"""The environment variables that an adapter's `SETTINGS` may name, each with its value in this stack."""

import json
from collections.abc import Callable, Iterable, Mapping

import pulumi

from components.functions.resources import StackResources
from components.platform.console import address
from components.platform.projects import things
from components.platform.worker import WORKER_BUILD, board, rules
from components.stack.naming import PROJECT_CONFIG

VARIABLES: Mapping[str, Callable[[StackResources], pulumi.Input[str]]] = {
    "DEPLOYMENTS_TABLE": lambda stack: stack.storage.deployments.name,
    "ENVIRONMENTS_TABLE": lambda stack: stack.storage.environments.name,
    "LOCKS_TABLE": lambda stack: stack.storage.locks.name,
    "WAITS_TABLE": lambda stack: stack.storage.waits.name,
    "LOCK_MODE": lambda stack: stack.settings.lock_mode,
    "ARTIFACTS_BUCKET": lambda stack: stack.storage.bucket.bucket,
    "EVENT_BUS": lambda stack: stack.channels.bus.name,
    "DEPLOYMENTS_TOPIC": lambda stack: stack.channels.topics["deployments"].arn,
    "APPROVALS_TOPIC": lambda stack: stack.channels.topics["approvals"].arn,
    "ROLLBACKS_TOPIC": lambda stack: stack.channels.topics["rollbacks"].arn,
    "APPROVALS_URL": lambda stack: pulumi.Output.concat(stack.api_url, "/approvals"),
    "CONSOLE_URL": address,
    "WEBHOOK_SECRET": lambda stack: stack.secrets.arns["webhook"],
    "GITHUB_CREDENTIAL_SECRET": lambda stack: stack.secrets.arns["github"],
    "GITHUB_API_URL": lambda stack: stack.settings.github.api_url,
    "GITHUB_URL": lambda stack: stack.settings.github.url,
    "SLACK_SECRET": lambda stack: stack.secrets.arns["slack"],
    "SLACK_SIGNING_SECRET": lambda stack: stack.secrets.arns["slack-signing"],
    "ALLOWED_NETWORKS": lambda stack: ",".join(stack.settings.github.allowed_networks) or "anywhere",
    "SECRETS": lambda stack: ",".join(stack.secrets.names.values()),
    "REPOSITORIES": lambda stack: ",".join(stack.settings.github.names()),
    "PUSHED_IMAGES": lambda stack: stack.settings.pushed_images_json(),
    "VERSIONED": lambda stack: ",".join(stack.settings.github.versioned()) or "none",
    "TRIGGERS": lambda stack: stack.settings.triggers_json(),
    "DEPLOYMENT_WORKFLOW": lambda stack: stack.naming.workflow_arn("deployment"),
    "STAGE_WORKFLOW": lambda stack: stack.naming.workflow_arn("stage"),
    "ENHANCED_WATCH_WORKFLOW": lambda stack: stack.naming.workflow_arn("enhanced_watch"),
    "ROLLBACK_WORKFLOW": lambda stack: stack.naming.workflow_arn("rollback"),
    "ENVIRONMENT_NAMES": lambda stack: ",".join(one.name for one in stack.settings.environments),
    "AWS_REGION_NAME": lambda stack: stack.naming.region,
    "BUILD_PROJECTS": lambda stack: ",".join(map(stack.naming.name, things(stack.settings))),
    "PULUMI_PROGRAM": lambda stack: stack.builds.program,
    "PUSH_GRACE_SECONDS": lambda stack: str(stack.settings.backstops.push_seconds),
    "MONITORS_SECRET": lambda stack: stack.secrets.arns["monitors"],
    "WORK_ITEMS_TABLE": lambda stack: stack.storage.work_items.name,
    "WORK_ITEM_WORKFLOW": lambda stack: stack.naming.workflow_arn("work_item"),
    "PLAN_FUNCTION": lambda stack: stack.naming.name("events-plan-pull-requests"),
    "REVIEW_FUNCTION": lambda stack: stack.naming.name("events-review-jobs"),
    "POLL_FUNCTION": lambda stack: stack.naming.name("events-poll-board"),
    "PROJECT_CONFIG": lambda stack: stack.naming.parameter(PROJECT_CONFIG),
    "BOARD": lambda stack: json.dumps(board(stack.settings)),
    "GIT_CREDENTIAL_SECRET": lambda stack: stack.secrets.arns["git"],
    "WORKER_PROJECT": lambda stack: stack.naming.name(WORKER_BUILD),
    "BUILD_PROGRAMS": lambda stack: pulumi.Output.concat(stack.worker.program, ",", stack.builds.program),
    "WORKER": lambda stack: json.dumps(rules(stack.settings)),
    "SECURITY_HUB": lambda stack: ",".join(stack.security_hub_products()) or "off",
    "APPROVERS": lambda stack: stack.settings.approvers_json(),
    "PROVENANCE_KEY": lambda stack: stack.signing.arn,
    "PROVENANCE_PUBLIC_KEY": lambda stack: stack.signing.public_key,
    "PROVENANCE_SINCE": lambda stack: stack.signing.since,
    "RUNBOOK_URL": lambda stack: stack.settings.runbook(),
}


def variables(names: Iterable[str], stack: StackResources) -> dict[str, pulumi.Input[str]]:
    """The environment variables of a function with these settings."""
    return {name: VARIABLES[name](stack) for name in names}
