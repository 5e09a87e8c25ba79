"""Every domain event that people care about becomes a mail on its topic, and a Slack message where that is set (N1)."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.slack import Slack
from functions.adapters.topics import Topics
from functions.domain.messages import Links, compose
from functions.domain.redaction import redact
from functions.handler import Handler

if TYPE_CHECKING:
    from functions.runtime import Clients


class Addresses:
    """What a message links to."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("GITHUB_URL", "RUNBOOK_URL")

    def __init__(self, links: Links) -> None:
        self.links = links

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The addresses of this stack."""
        return cls(Links(*(aws.setting(name).rstrip("/") for name in cls.SETTINGS)))


HANDLER = Handler(allow=(*Topics.PUBLISH, *Slack.READ))


def notify(event: dict[str, Any], topics: Topics, slack: Slack, addresses: Addresses) -> dict[str, str]:
    """A failure is a fault: EventBridge runs this again, and keeps what can't be told in the dead-letter queue."""
    message = compose(event["detail-type"], event["detail"], addresses.links)
    if message is None:
        return {"outcome": "not for people"}
    topic, subject, text = message[0], redact(message[1]), redact(message[2])
    topics.publish(topic, subject, text)
    slack.post(subject, text)
    return {"outcome": f"told {topic}"}
