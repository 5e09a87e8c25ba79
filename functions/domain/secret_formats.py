"""Validates the values of secrets by their formats before they are stored (I4). No message quotes a value."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from functions.domain.errors import BadInputError
from functions.domain.networks import is_loopback
from functions.domain.values import Value

# A signing secret should have at least 128 bits: 32 hexadecimal digits.
_SHORTEST = 32
_SHORTEST_KEY = 16
_APP = ("appId", "installationId", "privateKey")
MADE = ("webhook", "monitors")
"""Secrets that the platform can generate; the other side is then configured with the same value."""


# https://docs.slack.dev/authentication/tokens (bot tokens); channels by id, because a name can change.
_BOT_TOKEN = re.compile(r"xoxb-[A-Za-z0-9-]{8,}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{8,}")
_SLACK_API = "https://slack.com/api"
_SLACK = (
    "slack: enter the https URL that Slack shows under Incoming Webhooks, or for threads and buttons JSON: "
    '{"token": "xoxb-…", "channel": "C…"}'
)


class SlackApp(Value, frozen=True):
    """An app's bot token and the id of the channel that it posts to; `api` is the Web API's base URL."""

    token: str
    channel: str
    api: str = _SLACK_API


def slack_target(text: str, *, loopback: bool = False) -> SlackApp | str:
    """Where messages go: an app, or the URL of an incoming webhook; anything else is a BadInputError.

    `api` is another one for GovSlack (https://docs.slack.dev/govslack). `loopback` allows http on this machine.
    """
    if not text.startswith("{"):
        return _address(text, loopback=loopback)
    try:
        fields: dict[str, Any] = json.loads(text)
    except ValueError:
        raise BadInputError(f"{_SLACK}; this is not valid JSON") from None
    token, channel, api = (fields.get(name, "") for name in ("token", "channel", "api"))
    if not (isinstance(token, str) and _BOT_TOKEN.fullmatch(token)):
        raise BadInputError(f"{_SLACK}; the token of a bot begins with xoxb-")
    if not (isinstance(channel, str) and _CHANNEL.fullmatch(channel)):
        raise BadInputError(f"{_SLACK}; the channel is its id, such as C0123456789, and no name")
    return SlackApp(token, channel, _address(str(api), loopback=loopback).rstrip("/") if api else _SLACK_API)


def _address(text: str, *, loopback: bool) -> str:
    address = urlsplit(text)
    local = loopback and address.scheme == "http" and is_loopback(address.hostname or "")
    if not local and (address.scheme != "https" or not address.hostname):
        raise BadInputError(_SLACK)
    return text


def stored(name: str, given: str) -> str:
    """The text to store for a secret; `name` is its short name. An invalid value is a BadInputError."""
    text = given.strip()
    match name:
        case "github" | "git":
            return _credential(name, text)
        case "agent":
            if len(text) < _SHORTEST_KEY or len(text.split()) != 1:
                raise BadInputError(f"agent: enter the key alone: {_SHORTEST_KEY} characters or more, without spaces")
            return text
        case "slack":
            slack_target(text)
            return text
        case _:
            if len(text) < _SHORTEST or len(text.split()) != 1:
                raise BadInputError(f"{name}: enter at least {_SHORTEST} characters without spaces")
            return text


def _credential(name: str, text: str) -> str:
    """A token alone or in JSON, or the key of a GitHub App, as JSON."""
    forms = '{"token": …} or {"appId": …, "installationId": …, "privateKey": …}'
    if not text.startswith("{"):
        if len(text.split()) != 1:
            raise BadInputError(f"{name}: a token has no spaces; enter the token alone, or JSON: {forms}")
        return json.dumps({"token": text})
    try:
        fields: dict[str, Any] = json.loads(text)
    except ValueError:
        raise BadInputError(f"{name}: the value begins like JSON but is not valid JSON; enter {forms}") from None
    if all(fields.get(field) for field in _APP):
        return json.dumps(fields)
    if not isinstance(fields.get("token"), str) or not fields["token"].strip():
        raise BadInputError(f"{name}: the JSON must be {forms}")
    return json.dumps(fields)
