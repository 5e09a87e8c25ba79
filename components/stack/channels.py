"""Three topics for notifications to people, and one event bus for programs (N1)."""

import json
from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import cloudwatch, sns

from components.stack.naming import Naming
from components.stack.role import document
from forwarding.places import ALARM_EVENT, ALARM_SOURCE

# Mails with a personal link have the attribute `approver`; only that approver's subscription receives them.
_WITHOUT_APPROVER = json.dumps({"approver": [{"exists": False}]})
TOPICS = ("deployments", "approvals", "rollbacks")


class Channels(pulumi.ComponentResource):
    """Topics by name and the bus, encrypted with the stack's key; `email` is subscribed to every topic.

    Each of `approvers` is subscribed to the mails of `approvals` that are addressed to them. `senders` are the other
    accounts whose alarm events the bus admits.
    """

    topics: Mapping[str, sns.Topic]
    bus: cloudwatch.EventBus

    def __init__(
        self,
        *,
        naming: Naming,
        key_arn: pulumi.Input[str],
        email: str | None,
        approvers: Sequence[str] = (),
        senders: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kiro:index:Channels", "channels", None, opts)
        inner = pulumi.ResourceOptions(parent=self)
        self.topics = {
            name: sns.Topic(name, name=naming.name(name), kms_master_key_id=key_arn, opts=inner) for name in TOPICS
        }
        for name, topic in self.topics.items():
            policy = _topic_policy(topic.arn, naming, budget=name == "deployments")
            sns.TopicPolicy(name, arn=topic.arn, policy=policy, opts=inner)
            if email:
                sns.TopicSubscription(
                    name,
                    topic=topic.arn,
                    protocol="email",
                    endpoint=email,
                    filter_policy=_WITHOUT_APPROVER if name == "approvals" else None,
                    opts=inner,
                )
        for approver in approvers:
            sns.TopicSubscription(
                f"approvals-{approver}",
                topic=self.topics["approvals"].arn,
                protocol="email",
                endpoint=approver,
                filter_policy=json.dumps({"approver": [approver]}),
                opts=inner,
            )
        self.bus = cloudwatch.EventBus("events", name=naming.name("events"), kms_key_identifier=key_arn, opts=inner)
        if senders:
            cloudwatch.EventBusPolicy(
                "events",
                event_bus_name=self.bus.name,
                policy=_bus_policy(self.bus.arn, senders, naming.partition),
                opts=inner,
            )
        self.register_outputs({"bus": self.bus.name})


def _topic_policy(arn: pulumi.Output[str], naming: Naming, *, budget: bool) -> pulumi.Output[str]:
    """CloudWatch alarms and the budget of this account may publish; nobody may publish without TLS."""
    # https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
    from_budget: dict[str, object] = {
        "Sid": "Budget",
        "Effect": "Allow",
        "Principal": {"Service": "budgets.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": arn,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": naming.account},
            "ArnLike": {"aws:SourceArn": f"arn:{naming.partition}:budgets::{naming.account}:*"},
        },
    }
    return document(
        [
            {
                "Sid": "Alarms",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": naming.account}},
            },
            *([from_budget] if budget else []),
            {
                "Sid": "OnlyOverTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sns:Publish",
                "Resource": arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ]
    )


def _bus_policy(arn: pulumi.Output[str], senders: Sequence[str], partition: str) -> pulumi.Output[str]:
    """These accounts may send alarm events; without the conditions they could forge the stack's own events.

    The condition keys are those of
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-example-policy-cross-account-custom-bus-source.html
    """
    return document(
        [
            {
                "Sid": "AlarmsOfEnvironments",
                "Effect": "Allow",
                "Principal": {"AWS": [f"arn:{partition}:iam::{account}:root" for account in senders]},
                "Action": "events:PutEvents",
                "Resource": arn,
                "Condition": {
                    "StringEquals": {"events:detail-type": ALARM_EVENT},
                    "ForAllValues:StringEquals": {"events:source": ALARM_SOURCE},
                    # ForAllValues holds for a request without the key, too.
                    "Null": {"events:source": "false"},
                },
            }
        ]
    )
