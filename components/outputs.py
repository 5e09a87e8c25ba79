"""What an operator needs next (I9)."""

from typing import Any

import pulumi

from components.encryption import Encryption
from components.estate import Estate
from components.monitoring import Monitoring
from components.pipeline import Pipeline
from functions.entry import camel


def outputs(estate: Estate, encryption: Encryption, pipeline: Pipeline, monitoring: Monitoring) -> dict[str, Any]:
    """The stack's outputs: addresses, names and ARNs, never a value that is secret."""
    storage, channels = estate.storage, estate.channels
    return {
        "region": estate.site.region,
        "account": estate.site.account,
        "endpoint": estate.api_url,
        "webhookUrl": pulumi.Output.concat(estate.api_url, "/github"),
        "alarmsUrl": pulumi.Output.concat(estate.api_url, "/alarms"),
        "approvalsUrl": pulumi.Output.concat(estate.api_url, "/approvals"),
        **{f"{camel(name)}Workflow": workflow.arn for name, workflow in pipeline.workflows.items()},
        "artifactsBucket": storage.bucket.bucket,
        "deploymentsTable": storage.deployments.name,
        "environmentsTable": storage.environments.name,
        "locksTable": storage.locks.name,
        "waitsTable": storage.waits.name,
        "workItemsTable": storage.work_items.name,
        **{f"{name}Topic": topic.arn for name, topic in channels.topics.items()},
        "eventBus": channels.bus.name,
        "projects": {thing: project.name for thing, project in estate.projects().items()},
        "secrets": dict(estate.secrets.names),
        "secretArns": dict(estate.secrets.arns),
        "functions": {module: function.name for module, function in pipeline.functions.items()},
        "environments": [one.name for one in estate.settings.environments],
        "keyArn": encryption.arn,
        "dashboard": monitoring.dashboard,
    }
