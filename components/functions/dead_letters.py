"""The queue for events that a function could not process, kept for a person (O3)."""

import pulumi
from pulumi_aws import sqs

from components.stack.naming import Naming
from components.stack.role import document

_KEPT_SECONDS = 14 * 86_400


class DeadLetters(pulumi.ComponentResource):
    """An encrypted queue; the function and the event rules that invoke it may send messages to it."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        naming: Naming,
        key_arn: pulumi.Input[str],
        rule_arns: list[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kiro:index:DeadLetters", name, None, opts)
        inner = pulumi.ResourceOptions(parent=self)
        queue = sqs.Queue(
            name,
            name=naming.name(name),
            kms_master_key_id=key_arn,
            message_retention_seconds=_KEPT_SECONDS,
            opts=inner,
        )
        sqs.QueuePolicy(name, queue_url=queue.id, policy=_policy(queue.arn, rule_arns), opts=inner)
        self.arn, self.name = queue.arn, queue.name
        self.register_outputs({"arn": self.arn})


def _policy(arn: pulumi.Output[str], rule_arns: list[str]) -> pulumi.Output[str]:
    return document(
        [
            {
                "Sid": "EventRules",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": rule_arns}},
            },
            {
                "Sid": "OnlyOverTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ]
    )
