"""Validates the values of secrets by their formats before they are stored (I4). No message quotes a value."""

import json
from typing import Any
from urllib.parse import urlsplit

from functions.domain.errors import BadInputError

# A signing secret should have at least 128 bits: 32 hexadecimal digits.
_SHORTEST = 32
_SHORTEST_KEY = 16
_APP = ("appId", "installationId", "privateKey")
MADE = ("webhook", "monitors")
"""Secrets that the platform can generate; the other side is then configured with the same value."""


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
            address = urlsplit(text)
            if address.scheme != "https" or not address.hostname:
                raise BadInputError("slack: enter the https URL that Slack shows under Incoming Webhooks")
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
