"""SNS topics for mails about deployments, approvals and rollbacks."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from functions.handler import Allow

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

    from functions.runtime import Clients

Topic = Literal["deployments", "approvals", "rollbacks"]


class Topics:
    """The three topics of the stack."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("DEPLOYMENTS_TOPIC", "APPROVALS_TOPIC", "ROLLBACKS_TOPIC")
    PUBLISH: ClassVar[tuple[Allow, ...]] = (
        Allow(("sns:Publish",), on="topics"),
        Allow(("kms:GenerateDataKey", "kms:Decrypt"), on="key"),
    )

    def __init__(self, client: "SNSClient", arns: dict[Topic, str]) -> None:
        self._client = client
        self._arns = arns

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The topics of this stack."""
        return cls(
            aws.client("sns"),
            {
                "deployments": aws.setting("DEPLOYMENTS_TOPIC"),
                "approvals": aws.setting("APPROVALS_TOPIC"),
                "rollbacks": aws.setting("ROLLBACKS_TOPIC"),
            },
        )

    def publish(self, topic: Topic, subject: str, text: str, approver: str = "") -> None:
        """Send one mail, to one subscriber when it is an approver's; SNS takes fewer than 100 characters as subject."""
        ascii_subject = "".join(c if " " <= c <= "~" else "?" for c in subject)[:99]
        self._client.publish(
            TopicArn=self._arns[topic],
            Subject=ascii_subject,
            Message=text,
            MessageAttributes=_attributes(topic, approver),
        )


def _attributes(topic: Topic, approver: str) -> dict[str, Any]:
    """The attributes by which subscriptions filter (components/stack/channels.py).

    There is always one: "exists: false" does not match a message without attributes.
    https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
    """
    values = {"topic": topic, **({"approver": approver} if approver else {})}
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
