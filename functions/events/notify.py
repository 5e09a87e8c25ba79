"""Sends a mail on a topic for each domain event that people need, and a Slack message if that is set up (N1)."""

from functools import partial
from typing import Any

from msgspec.structs import replace

from functions.adapters.approver_settings import ApproverSettings
from functions.adapters.bus import read_event
from functions.adapters.environment_names import EnvironmentNames
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.links import MessageLinks
from functions.adapters.notified import Notified
from functions.adapters.slack import Slack
from functions.adapters.topics import Topics
from functions.domain.mails import mail
from functions.domain.message_details import Running, asks_what_runs
from functions.domain.messages import Message, compose
from functions.domain.redaction import redact
from functions.domain.slack_actions import Button
from functions.handler import Handler

HANDLER = Handler(allow=(*Topics.PUBLISH, *Slack.READ, *Notified.USE, *EnvironmentsTable.READ))


def notify(
    event: dict[str, Any],
    topics: Topics,
    slack: Slack,
    links: MessageLinks,
    notified: Notified,
    environments: EnvironmentsTable,
    names: EnvironmentNames,
    settings: ApproverSettings,
) -> dict[str, str]:
    """Send the notification of an event; EventBridge retries an error, then keeps the event as a dead letter.

    A repetition, which has the same id, sends only to the channels that have not got it.
    https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
    """
    happened = read_event(event)
    running: Running = {}
    if asks_what_runs(happened):
        running = {name: tuple(environments.parts(name).values()) for name in names.names}
    composed = compose(happened, links.links, running)
    if composed is None:
        return {"outcome": "no notification"}
    message = _without_secrets(replace(composed, buttons=_usable(composed.buttons, settings)))
    event_id = str(event.get("id", ""))
    sent = notified.channels(event_id) if event_id else frozenset()
    channels = {
        "mail": partial(topics.publish, message.topic, message.subject, mail(message)),
        "slack": partial(_post, message, slack, notified),
    }
    for name, send in channels.items():
        if name not in sent:
            send()
            if event_id:
                notified.note(event_id, name)
    return {"outcome": f"notified {message.topic}"}


def _post(message: Message, slack: Slack, notified: Notified) -> None:
    """Post to Slack, in the thread of the deployment; its first message begins the thread."""
    thread = notified.thread(message.story) if message.story else ""
    posted = slack.post(message, thread)
    if posted and message.story and not thread:
        notified.note_thread(message.story, posted)


def _usable(buttons: tuple[Button, ...], settings: ApproverSettings) -> tuple[Button, ...]:
    """The buttons that somebody may press: the settings name Slack users of the environment."""

    def is_usable(button: Button) -> bool:
        approvers = settings.of(button.environment)
        return approvers is not None and bool(approvers.slack_users)

    return tuple(filter(is_usable, buttons))


def _without_secrets(message: Message) -> Message:
    return replace(
        message,
        subject=redact(message.subject),
        lead=redact(message.lead),
        facts=tuple((name, redact(text)) for name, text in message.facts),
        steps=tuple(map(redact, message.steps)),
    )
