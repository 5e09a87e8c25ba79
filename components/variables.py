"""What an adapter's `SETTINGS` mean in this stack: a closed list of environment variables, each with its value."""

import json
from collections.abc import Callable, Iterable, Mapping

import pulumi

from components.estate import Estate
from components.worker import board, rules

VARIABLES: Mapping[str, Callable[[Estate], pulumi.Input[str]]] = {
    "DEPLOYMENTS_TABLE": lambda estate: estate.storage.deployments.name,
    "ENVIRONMENTS_TABLE": lambda estate: estate.storage.environments.name,
    "LOCKS_TABLE": lambda estate: estate.storage.locks.name,
    "WAITS_TABLE": lambda estate: estate.storage.waits.name,
    "LOCK_MODE": lambda estate: estate.settings.lock_mode,
    "ARTIFACTS_BUCKET": lambda estate: estate.storage.bucket.bucket,
    "EVENT_BUS": lambda estate: estate.channels.bus.name,
    "DEPLOYMENTS_TOPIC": lambda estate: estate.channels.topics["deployments"].arn,
    "APPROVALS_TOPIC": lambda estate: estate.channels.topics["approvals"].arn,
    "ROLLBACKS_TOPIC": lambda estate: estate.channels.topics["rollbacks"].arn,
    "APPROVALS_URL": lambda estate: pulumi.Output.concat(estate.api_url, "/approvals"),
    "WEBHOOK_SECRET": lambda estate: estate.secrets.arns["webhook"],
    "GITHUB_CREDENTIAL_SECRET": lambda estate: estate.secrets.arns["github"],
    "GITHUB_API_URL": lambda estate: estate.settings.github.api_url,
    "GITHUB_URL": lambda estate: estate.settings.github.url,
    "SLACK_SECRET": lambda estate: estate.secrets.arns["slack"],
    "WEBHOOK_SOURCES": lambda estate: ",".join(estate.settings.github.webhook_sources) or "anywhere",
    "SECRETS": lambda estate: ",".join(estate.secrets.names.values()),
    "REPOSITORIES": lambda estate: ",".join(estate.settings.github.repositories),
    "MAIN_BRANCH": lambda estate: estate.settings.github.main_branch,
    "DEPLOYMENT_WORKFLOW": lambda estate: estate.site.workflow_arn("deployment"),
    "STAGE_WORKFLOW": lambda estate: estate.site.workflow_arn("stage"),
    "ENHANCED_WATCH_WORKFLOW": lambda estate: estate.site.workflow_arn("enhanced_watch"),
    "ROLLBACK_WORKFLOW": lambda estate: estate.site.workflow_arn("rollback"),
    "ENVIRONMENT_NAMES": lambda estate: ",".join(one.name for one in estate.settings.environments),
    "AWS_REGION_NAME": lambda estate: estate.site.region,
    "BUILD_PROJECTS": lambda estate: _joined(project.name for project in estate.builds.projects.values()),
    "PUSH_GRACE_SECONDS": lambda estate: str(estate.settings.backstops.push_seconds),
    "MONITORS_SECRET": lambda estate: estate.secrets.arns["monitors"],
    "WORK_ITEMS_TABLE": lambda estate: estate.storage.work_items.name,
    "WORK_ITEM_WORKFLOW": lambda estate: estate.site.workflow_arn("work_item"),
    "POLL_FUNCTION": lambda estate: estate.site.name("events-poll-board"),
    "BOARD": lambda estate: json.dumps(board(estate.settings)),
    "WORKER": lambda estate: json.dumps(rules(estate.settings)),
    "SECURITY_HUB": lambda estate: ",".join(estate.security_hub_products()) or "off",
    "RUNBOOK_URL": lambda estate: estate.settings.runbook_url,
}


def _joined(names: Iterable[pulumi.Output[str]]) -> pulumi.Output[str]:
    return pulumi.Output.all(*names).apply(",".join)


def variables(names: Iterable[str], estate: Estate) -> dict[str, pulumi.Input[str]]:
    """The environment of a function that asks for these."""
    return {name: VARIABLES[name](estate) for name in names}
