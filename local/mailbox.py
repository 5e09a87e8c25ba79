"""The mails of the stack's topics, read from a queue that stands in for a person's mailbox."""

import json
from dataclasses import dataclass
from typing import Any

from local.emulator import Clients

_QUEUE = "laptop-mailbox"


@dataclass(frozen=True, slots=True)
class Mail:
    """One message of a topic."""

    topic: str
    subject: str
    text: str


class Mailbox:
    """Subscribes a queue to topics, and keeps every mail that has come."""

    def __init__(self, clients: Clients, topics: list[str]) -> None:
        self._sqs = clients.client("sqs")
        self._url: str = self._sqs.create_queue(QueueName=_QUEUE)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": topics_may_send(arn, topics)})
        for topic in topics:
            clients.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        self.mails: list[Mail] = []

    def fetch(self) -> list[Mail]:
        """Take the mails that have come since the last time."""
        found = []
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                found.append(_mail(json.loads(message["Body"])))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        self.mails += found
        return found


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
