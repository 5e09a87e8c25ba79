"""Requests to the services in the environment that is tested; their addresses are outputs of the infrastructure."""

import json
import os
import urllib.request
from typing import Any

API, WEB = (os.environ[f"KIRO_OUTPUT_{name}"].rstrip("/") for name in ("API", "WEB"))


def text(url: str, body: dict[str, Any] | None = None) -> str:
    """The text of an answer; with a body of a POST. Another status than 200 or 201 is an error."""
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as answer:  # noqa: S310 - ours
        return str(answer.read().decode())


def get(path: str) -> dict[str, Any]:
    """The answer of the API to a GET."""
    found: dict[str, Any] = json.loads(text(API + path))
    return found


def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer of the API to a POST."""
    found: dict[str, Any] = json.loads(text(API + path, body))
    return found
