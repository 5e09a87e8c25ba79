"""Validates secret values before they are stored (I4), each by the format of its secret.

No message quotes what was given.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from functions.domain.errors import BadInputError

# What others sign with should be as hard to guess as 128 bits in hexadecimal digits.
_SHORTEST = 32
_APP = ("appId", "installationId", "privateKey")
MADE = ("webhook", "monitors")
"""Secrets that mean nothing outside: they can be made here and told to the other side."""


def stored(name: str, given: str) -> str:
    """What is stored of a value given for a secret, by its short name; a BadInputError when it can't be right."""
    text = given.strip()
    match name:
        case "github" | "git":
            return _credential(name, text)
        case "slack":
            address = urlsplit(text)
            if address.scheme != "https" or not address.hostname:
                raise BadInputError("slack: an https address is needed, as Slack shows it under Incoming Webhooks")
            return text
        case _:
            if len(text) < _SHORTEST or len(text.split()) != 1:
                raise BadInputError(f"{name}: at least {_SHORTEST} characters without a space are needed")
            return text


def _credential(name: str, text: str) -> str:
    """A bare token, or the JSON that holds it; only the platform's own may be the key of an App."""
    app_too = name == "github"
    forms = '{"token": …}' + (' or {"appId": …, "installationId": …, "privateKey": …}' if app_too else "")
    if not text.startswith("{"):
        if len(text.split()) != 1:
            raise BadInputError(f"{name}: a token has no spaces; give it alone, or as JSON: {forms}")
        return json.dumps({"token": text})
    try:
        fields: dict[str, Any] = json.loads(text)
    except ValueError:
        raise BadInputError(f"{name}: it begins like JSON and is none; give {forms}") from None
    if app_too and all(fields.get(field) for field in _APP):
        return json.dumps(fields)
    if not isinstance(fields.get("token"), str) or not fields["token"].strip():
        raise BadInputError(f"{name}: the JSON must be {forms}")
    return json.dumps(fields)
