"""Every domain event that people care about becomes a mail on its topic, and a Slack message where that is set (N1)."""

from typing import Any

from functions.adapters.slack import Slack
from functions.adapters.topics import Topics
from functions.domain.messages import compose
from functions.domain.redaction import redact
from functions.entry import Room

ROOM = Room(allow=(*Topics.PUBLISH, *Slack.READ))


def notify(event: dict[str, Any], topics: Topics, slack: Slack) -> dict[str, str]:
    """A failure is a fault: EventBridge runs this again, and keeps what can't be told in the dead-letter queue."""
    message = compose(event["detail-type"], event["detail"])
    if message is None:
        return {"outcome": "not for people"}
    topic, subject, text = message[0], redact(message[1]), redact(message[2])
    topics.publish(topic, subject, text)
    slack.post(subject, text)
    return {"outcome": f"told {topic}"}
