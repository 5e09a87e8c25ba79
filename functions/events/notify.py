"""Sends a mail on a topic for each domain event that people need, and a Slack message if that is set up (N1)."""

from functools import partial
from typing import Any

from functions.adapters.bus import read_event
from functions.adapters.links import MessageLinks
from functions.adapters.notified import Notified
from functions.adapters.slack import Slack
from functions.adapters.topics import Topics
from functions.domain.messages import compose
from functions.domain.redaction import redact
from functions.handler import Handler

HANDLER = Handler(allow=(*Topics.PUBLISH, *Slack.READ, *Notified.USE))


def notify(
    event: dict[str, Any], topics: Topics, slack: Slack, links: MessageLinks, notified: Notified
) -> dict[str, str]:
    """Send the notification of an event; EventBridge retries an error, then keeps the event as a dead letter.

    A repetition, which has the same id, sends only to the channels that have not got it.
    https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
    """
    message = compose(read_event(event), links.links)
    if message is None:
        return {"outcome": "no notification"}
    subject, text = redact(message.subject), redact(message.text)
    event_id = str(event.get("id", ""))
    sent = notified.channels(event_id) if event_id else frozenset()
    channels = {
        "mail": partial(topics.publish, message.topic, subject, text),
        "slack": partial(slack.post, subject, text),
    }
    for name, send in channels.items():
        if name not in sent:
            send()
            if event_id:
                notified.note(event_id, name)
    return {"outcome": f"notified {message.topic}"}
