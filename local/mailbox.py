"""The mails that the stack's topics send, read from a queue that replaces a person's mailbox."""

import json
import threading
from dataclasses import dataclass
from typing import Any

from local.clients import Clients

_QUEUE = "laptop-mailbox"


@dataclass(frozen=True, slots=True)
class Mail:
    """One message of a topic."""

    topic: str
    subject: str
    text: str


class Mailbox:
    """Subscribes a queue to topics, with the filters of their e-mail subscriptions; `mails` are all received so far."""

    def __init__(self, clients: Clients, topics: list[str]) -> None:
        self._sqs = clients.client("sqs")
        self._url: str = self._sqs.create_queue(QueueName=_QUEUE)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": topics_may_send(arn, topics)})
        sns = clients.client("sns")
        for topic in topics:
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=_filters(sns, topic))
        self.mails: list[Mail] = []
        self._fetched = 0
        self._alone = threading.Lock()

    def receive(self) -> None:
        """Add the mails that have arrived to `mails`; several threads may call it."""
        with self._alone:
            while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", []):
                for message in messages:
                    self.mails.append(_mail(json.loads(message["Body"])))
                    self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def fetch(self) -> list[Mail]:
        """Return the mails that arrived since the last call."""
        self.receive()
        found = self.mails[self._fetched :]
        self._fetched += len(found)
        return found


def _filters(sns: Any, topic: str) -> dict[str, str]:
    """The filter of a topic's only e-mail subscription; {} without one, and where the queue stands for several."""
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    match [one["SubscriptionArn"] for one in listed if one["Protocol"] == "email"]:
        case [arn]:
            attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
            return {name: value for name, value in attributes.items() if name == "FilterPolicy"}
        case _:
            return {}


def topics_may_send(queue_arn: str, topics: list[str]) -> str:
    """A queue's policy: SNS delivers only where the queue allows it.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topics}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _mail(envelope: dict[str, Any]) -> Mail:
    topic = envelope["TopicArn"].rsplit("-", 1)[-1]
    return Mail(topic, envelope.get("Subject", ""), envelope["Message"])
