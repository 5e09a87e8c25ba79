"""Buttons of Slack messages, and what Slack sends when somebody presses one (A5).

A button says what it is about and holds no secret: whose decision it is follows from the user in the signed request.

Sources: https://docs.slack.dev/authentication/verifying-requests-from-slack (signature),
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload (payload),
https://docs.slack.dev/interactivity/handling-user-interaction (form, and response URLs).
"""

import json
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import parse_qs

from msgspec import field

from functions.domain.errors import BadInputError
from functions.domain.events import Event, StageFinished, StageHeld
from functions.domain.texts import slack
from functions.domain.values import Value

Action = Literal["approve", "reject", "roll_back"]
_LABELS: dict[Action, str] = {"approve": "Approve", "reject": "Reject", "roll_back": "Roll back"}
_QUESTIONS: dict[Action, str] = {
    "approve": "The release is deployed to {}.",
    "reject": "The deployment stops; nothing is rolled back.",
    "roll_back": "{} goes back to what ran before this release.",
}
_MOST_BLOCKS = 50


class Button(Value, frozen=True):
    """A button: what it asks for, where, and what it is about: a request's id, or an environment and a deployment."""

    action: Action
    environment: str
    value: str


class Press(Value, frozen=True):
    """A button that was pressed: by which user, in which message (`ts`, blocks), and where to answer."""

    action: Action
    value: str
    user: str
    message: str
    response_url: str
    blocks: Sequence[dict[str, Any]] = field(default_factory=list)


def buttons(event: Event) -> tuple[Button, ...]:
    """The buttons of the message about an event."""
    match event:
        case StageHeld() if event.approval_id:
            where, value = event.environment, event.approval_id
            return Button("approve", where, value), Button("reject", where, value)
        case StageFinished(result="passed"):
            return (Button("roll_back", event.environment, f"{event.environment}/{event.deployment_id}"),)
        case _:
            return ()


def actions_block(shown: Sequence[Button]) -> dict[str, Any]:
    """The buttons as a block; each asks once more."""
    return {"type": "actions", "elements": [_element(one) for one in shown]}


def signed(timestamp: str, body: bytes) -> bytes:
    """What Slack signs with the signing secret: version, time and the raw body."""
    return b"v0:" + timestamp.encode() + b":" + body


def read_press(body: bytes) -> Press | None:
    """The button in the body of a request; None for another interaction. An unreadable body is a BadInputError."""
    try:
        payload = json.loads(parse_qs(body.decode())["payload"][0])
        if payload["type"] != "block_actions":
            return None
        pressed = payload["actions"][0]
        if pressed["action_id"] not in _LABELS:
            return None
        message = payload.get("message") or {}
        return Press(
            pressed["action_id"],
            str(pressed["value"]),
            str(payload["user"]["id"]),
            str(message.get("ts", "")),
            str(payload.get("response_url", "")),
            tuple(message.get("blocks", ())),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise BadInputError(f"no interaction of Slack: {type(error).__name__}") from None


def told(words: str) -> dict[str, Any]:
    """An answer that only who pressed the button sees; the message stays as it is."""
    return {"response_type": "ephemeral", "replace_original": False, "text": slack(words, 3000)}


def ended(press: Press, words: str) -> dict[str, Any]:
    """The message with the end of its request in place of the buttons."""
    kept = [block for block in press.blocks if block.get("type") != "actions"][: _MOST_BLOCKS - 1]
    end = {"type": "context", "elements": [{"type": "mrkdwn", "text": slack(words, 3000), "verbatim": True}]}
    return {"replace_original": True, "text": slack(words, 3000), "blocks": [*kept, end]}


def _element(button: Button) -> dict[str, Any]:
    label, where = _LABELS[button.action], button.environment
    return {
        "type": "button",
        "text": _plain(label),
        "action_id": button.action,
        "value": button.value,
        "style": "primary" if button.action == "approve" else "danger",
        "confirm": {
            "title": _plain(f"{label}: {where}"),
            "text": _plain(_QUESTIONS[button.action].format(where)),
            "confirm": _plain(label),
            "deny": _plain("Cancel"),
        },
    }


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
