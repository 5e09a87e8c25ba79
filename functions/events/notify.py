"""Sends a mail on a topic for each domain event that people need, and a Slack message if that is set up (N1)."""

from typing import Any

from functions.adapters.bus import read_event
from functions.adapters.links import MessageLinks
from functions.adapters.slack import Slack
from functions.adapters.topics import Topics
from functions.domain.messages import compose
from functions.domain.redaction import redact
from functions.handler import Handler

HANDLER = Handler(allow=(*Topics.PUBLISH, *Slack.READ))


def notify(event: dict[str, Any], topics: Topics, slack: Slack, links: MessageLinks) -> dict[str, str]:
    """Send the notification of an event; EventBridge retries an error, then keeps the event as a dead letter."""
    message = compose(read_event(event), links.links)
    if message is None:
        return {"outcome": "no notification"}
    subject, text = redact(message.subject), redact(message.text)
    topics.publish(message.topic, subject, text)
    slack.post(subject, text)
    return {"outcome": f"notified {message.topic}"}
