"""Forwards the alarm events of another account or region to the stack's bus; deployed there by `forwarding/`.

EventBridge delivers to an event bus in another account or region with a role; a bus in another account must admit the
sender, too (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html and eb-cross-account.html).
A forwarded event keeps its `source`, `account` and `region`.
"""

import json
import re

import pulumi
from pulumi_aws import cloudwatch

from components.stack.naming import Grant, Naming
from components.stack.role import Role
from forwarding.places import ALARM_EVENT, ALARM_SOURCE, RULE, Place

_BUS = re.compile(
    r"^arn:[\w-]+:events:(?P<region>[\w-]+):(?P<account>\d{12}):event-bus/kiro-pipeline-(?P<stack>.+)-events$"
)
# As long and as often as the stack's own rules deliver.
_RETRY_SECONDS, _RETRIES = 3600, 20


class ForwardingError(pulumi.RunError):
    """The forwarding can't be deployed; the message names the setting and the next step."""


def receiver(bus_arn: str, here: Place, account: str) -> str:
    """The name of the stack that a bus belongs to; raises ForwardingError where nothing can be forwarded to it."""
    found = _BUS.match(bus_arn)
    if found is None:
        raise ForwardingError(
            f"eventBusArn = {bus_arn}: not the event bus of a stack; use the command in the stack's output `forwarding`"
        )
    if account != here.account:
        raise ForwardingError(
            f"account = {account}: the credentials belong to the account {here.account}; log in to {account}"
        )
    if (found["account"], found["region"]) == (here.account, here.region):
        raise ForwardingError(
            f"eventBusArn = {bus_arn}: the stack itself is in {here.region} of {here.account} and receives its alarms "
            "already; set aws:region to the region of the environment"
        )
    return found["stack"]


class Forwarding(pulumi.ComponentResource):
    """The rule on the default event bus of an account and region, and the role with which it sends to the stack.

    It forwards every change of an alarm's state; the stack chooses those that it handles.
    """

    rule_name: str

    def __init__(self, *, naming: Naming, bus_arn: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kiro:index:Forwarding", "forwarding", None, opts)
        inner = pulumi.ResourceOptions(parent=self)
        self.rule_name = naming.name(RULE)
        # Roles are the same in all regions of an account, so the region is part of the name.
        role = Role(
            f"{RULE}-{naming.region}",
            naming=naming,
            trust={"Service": "events.amazonaws.com"},
            grants=[Grant(("events:PutEvents",), (bus_arn,))],
            opts=inner,
        )
        rule = cloudwatch.EventRule(
            RULE,
            name=self.rule_name,
            description=f"Forwards the changes of alarms to {bus_arn}",
            event_pattern=json.dumps({"source": [ALARM_SOURCE], "detail-type": [ALARM_EVENT]}),
            opts=inner,
        )
        cloudwatch.EventTarget(
            RULE,
            rule=rule.name,
            target_id="stack",
            arn=bus_arn,
            role_arn=role.arn,
            retry_policy=cloudwatch.EventTargetRetryPolicyArgs(
                maximum_event_age_in_seconds=_RETRY_SECONDS, maximum_retry_attempts=_RETRIES
            ),
            opts=inner,
        )
        self.register_outputs({"rule": self.rule_name})
