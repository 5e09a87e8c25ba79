"""SNS topics and subscriptions, SQS queues."""

from __future__ import annotations

from typing import Any

from local.pulumi.handlers.base import Call, Handler, Properties, Tagging, handles, pick


def _text(value: Any) -> str:
    """Attributes of SNS and SQS are strings."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _attributes(inputs: Properties, names: tuple[str, ...], rename: dict[str, str] | None = None) -> dict[str, str]:
    return {key: _text(value) for key, value in pick(inputs, *names, rename=rename).items()}


@handles("aws:sns/topic:Topic")
class Topic(Handler):
    """A topic."""

    replace_on = frozenset({"name", "namePrefix", "fifoTopic"})
    tagging = Tagging("sns", "ResourceArn")
    ATTRIBUTES = (
        "displayName",
        "kmsMasterKeyId",
        "policy",
        "deliveryPolicy",
        "contentBasedDeduplication",
        "signatureVersion",
        "tracingConfig",
    )

    def create(self, call: Call) -> str:
        inputs = call.inputs
        fifo = bool(inputs.get("fifoTopic"))
        attributes = _attributes(inputs, self.ATTRIBUTES) | ({"FifoTopic": "true"} if fifo else {})
        name = call.auto_name(suffix=".fifo" if fifo else "")
        return str(call.aws("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"])

    def read(self, call: Call) -> Properties:
        found = call.aws("sns").get_topic_attributes(TopicArn=call.id)["Attributes"]
        return {
            "arn": call.id,
            "name": call.id.rpartition(":")[2],
            "owner": found.get("Owner", call.cloud.account),
            "policy": found.get("Policy", ""),
            "beginningArchiveTime": "",
        }

    def update(self, call: Call) -> None:
        wanted = _attributes(call.inputs, self.ATTRIBUTES)
        for name in self.ATTRIBUTES:
            if name in call.changed:
                key = name[:1].upper() + name[1:]
                call.aws("sns").set_topic_attributes(
                    TopicArn=call.id, AttributeName=key, AttributeValue=wanted.get(key, "")
                )

    def delete(self, call: Call) -> None:
        call.aws("sns").delete_topic(TopicArn=call.id)


@handles("aws:sns/topicPolicy:TopicPolicy")
class TopicPolicy(Handler):
    """A topic's policy; a topic always has one, so deletion leaves it in place."""

    replace_on = frozenset({"arn"})

    def create(self, call: Call) -> str:
        arn = str(call.inputs["arn"])
        call.aws("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=call.inputs["policy"])
        return arn

    def read(self, call: Call) -> Properties:
        return {"arn": call.id, "owner": call.cloud.account}

    def delete(self, call: Call) -> None:
        """Do nothing: the policy is deleted with its topic."""


@handles("aws:sns/topicSubscription:TopicSubscription")
class TopicSubscription(Handler):
    """A subscriber of a topic."""

    replace_on = frozenset({"topic", "protocol", "endpoint"})
    ATTRIBUTES = (
        "filterPolicy",
        "filterPolicyScope",
        "rawMessageDelivery",
        "redrivePolicy",
        "deliveryPolicy",
        "subscriptionRoleArn",
    )

    def create(self, call: Call) -> str:
        inputs = call.inputs
        for benign in ("endpointAutoConfirms", "confirmationTimeoutInMinutes"):
            inputs.get(benign)
        answer = call.aws("sns").subscribe(
            ReturnSubscriptionArn=True,
            Attributes=_attributes(inputs, self.ATTRIBUTES),
            **pick(inputs, "topic", "protocol", "endpoint", rename={"topic": "TopicArn"}),
        )
        return str(answer["SubscriptionArn"])

    def read(self, call: Call) -> Properties:
        found = call.aws("sns").get_subscription_attributes(SubscriptionArn=call.id)["Attributes"]
        return {
            "arn": call.id,
            "ownerId": call.cloud.account,
            "confirmationWasAuthenticated": found.get("ConfirmationWasAuthenticated") == "true",
            "pendingConfirmation": found.get("PendingConfirmation") == "true",
            "filterPolicyScope": found.get("FilterPolicyScope", "MessageAttributes"),
        }

    def update(self, call: Call) -> None:
        wanted = _attributes(call.inputs, self.ATTRIBUTES)
        for name in self.ATTRIBUTES:
            if name in call.changed:
                key = name[:1].upper() + name[1:]
                call.aws("sns").set_subscription_attributes(
                    SubscriptionArn=call.id, AttributeName=key, AttributeValue=wanted.get(key, "{}")
                )

    def delete(self, call: Call) -> None:
        call.aws("sns").unsubscribe(SubscriptionArn=call.id)


@handles("aws:sqs/queue:Queue")
class Queue(Handler):
    """A queue; its id is its URL."""

    replace_on = frozenset({"name", "namePrefix", "fifoQueue"})
    tagging = Tagging("sqs", "QueueUrl", pair=None, methods=("tag_queue", "untag_queue"), by_id=True)
    ATTRIBUTES = (
        "visibilityTimeoutSeconds",
        "messageRetentionSeconds",
        "maxMessageSize",
        "delaySeconds",
        "receiveWaitTimeSeconds",
        "redrivePolicy",
        "redriveAllowPolicy",
        "policy",
        "kmsMasterKeyId",
        "kmsDataKeyReusePeriodSeconds",
        "sqsManagedSseEnabled",
        "contentBasedDeduplication",
        "deduplicationScope",
        "fifoThroughputLimit",
    )
    RENAME = {  # noqa: RUF012 - read only
        "visibilityTimeoutSeconds": "VisibilityTimeout",
        "messageRetentionSeconds": "MessageRetentionPeriod",
        "maxMessageSize": "MaximumMessageSize",
        "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    }

    def create(self, call: Call) -> str:
        fifo = bool(call.inputs.get("fifoQueue"))
        attributes = _attributes(call.inputs, self.ATTRIBUTES, self.RENAME)
        answer = call.aws("sqs").create_queue(
            QueueName=call.auto_name(suffix=".fifo" if fifo else ""),
            Attributes=attributes | ({"FifoQueue": "true"} if fifo else {}),
        )
        return str(answer["QueueUrl"])

    def read(self, call: Call) -> Properties:
        found = call.aws("sqs").get_queue_attributes(QueueUrl=call.id, AttributeNames=["All"])["Attributes"]
        return {
            "url": call.id,
            "name": call.id.rpartition("/")[2],
            "arn": found["QueueArn"],
            "visibilityTimeoutSeconds": int(found.get("VisibilityTimeout", 30)),
        }

    def update(self, call: Call) -> None:
        wanted = _attributes(call.inputs, self.ATTRIBUTES, self.RENAME)
        gone = {"policy", "redrivePolicy", "redriveAllowPolicy"} & call.changed - call.inputs.keys()
        wanted |= {name[:1].upper() + name[1:]: "" for name in gone}
        if wanted:
            call.aws("sqs").set_queue_attributes(QueueUrl=call.id, Attributes=wanted)

    def delete(self, call: Call) -> None:
        call.aws("sqs").delete_queue(QueueUrl=call.id)


@handles("aws:sqs/queuePolicy:QueuePolicy")
class QueuePolicy(Handler):
    """A queue's policy."""

    replace_on = frozenset({"queueUrl"})

    def create(self, call: Call) -> str:
        url = str(call.inputs["queueUrl"])
        call.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": call.inputs["policy"]})
        return url

    def delete(self, call: Call) -> None:
        call.aws("sqs").set_queue_attributes(QueueUrl=call.id, Attributes={"Policy": ""})
