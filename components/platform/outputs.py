"""The outputs of the stack, for operators (I9)."""

from typing import Any

import pulumi

from components.functions.resources import StackResources
from components.platform.console import address
from components.platform.monitoring import Monitoring
from components.platform.people import approver_grants, operator_grants, policy, reader_grants
from components.platform.pipeline import Pipeline
from components.stack.encryption import Encryption
from forwarding.places import command
from functions.handler import camel


def outputs(
    stack: StackResources, encryption: Encryption, pipeline: Pipeline, monitoring: Monitoring
) -> dict[str, Any]:
    """The stack's outputs by name: addresses, names and ARNs; no output is secret."""
    storage, channels = stack.storage, stack.channels
    return {
        "region": stack.naming.region,
        "account": stack.naming.account,
        "endpoint": stack.api_url,
        "webhookUrl": pulumi.Output.concat(stack.api_url, "/github"),
        "alarmsUrl": pulumi.Output.concat(stack.api_url, "/alarms"),
        "consoleUrl": address(stack),
        "approvalsUrl": pulumi.Output.concat(stack.api_url, "/approvals"),
        **{f"{camel(name)}Workflow": workflow.arn for name, workflow in pipeline.workflows.items()},
        "artifactsBucket": storage.bucket.bucket,
        "deploymentsTable": storage.deployments.name,
        "environmentsTable": storage.environments.name,
        "locksTable": storage.locks.name,
        "waitsTable": storage.waits.name,
        "workItemsTable": storage.work_items.name,
        **{f"{name}Topic": topic.arn for name, topic in channels.topics.items()},
        "eventBus": channels.bus.name,
        "projects": {thing: project.name for thing, project in stack.projects().items()},
        "secrets": dict(stack.secrets.names),
        "secretArns": dict(stack.secrets.arns),
        "functions": {module: function.name for module, function in pipeline.functions.items()},
        "environments": [one.name for one in stack.settings.environments],
        "forwarding": _forwarding(stack),
        "keyArn": encryption.arn,
        "provenanceKeyArn": stack.signing.arn,
        "provenancePublicKey": stack.signing.public_key,
        "approverPolicy": policy("approver", approver_grants(stack)),
        "operatorPolicy": policy("operator", operator_grants(stack)),
        "readerPolicy": policy("reader", reader_grants(stack)),
        "dashboard": monitoring.dashboard,
    }


def _forwarding(stack: StackResources) -> list[dict[str, Any]]:
    """The accounts and regions whose alarm events have to be forwarded, each with the command that deploys that."""
    naming = stack.naming
    bus_arn = naming.arn("events", f"event-bus/{naming.name('events')}")
    return [
        {
            "environments": names,
            "account": place.account,
            "region": place.region,
            "command": command(naming.stack, place, bus_arn),
        }
        for place, names in stack.elsewhere().items()
    ]
