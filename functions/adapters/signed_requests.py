"""Requests that come in through the HTTP API: their bodies and signatures, and answers in JSON.

Standard library only: this runs before anything else is imported or called.
"""

import hashlib
import hmac
import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not read on: an HTTP status, and a message for whoever sent it."""

    status: int
    message: str


def read_body(event: Mapping[str, Any], limit: int) -> bytes | Refusal:
    """The body as it was sent and signed; a Refusal when it has more than `limit` bytes or is wrongly encoded."""
    body = event.get("body") or ""
    try:
        raw = b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (Base64Error, ValueError):
        return Refusal(400, "the body is not what its encoding says")
    return raw if len(raw) <= limit else Refusal(413, f"{len(raw)} bytes, {limit} allowed")


def read_headers(event: Mapping[str, Any]) -> dict[str, str]:
    """The headers by their names in lower case."""
    return {key.lower(): value for key, value in event.get("headers", {}).items()}


def verify(secret: bytes | tuple[bytes, ...], message: bytes, header: str | None) -> bool:
    """Whether a header `sha256=…` (HMAC-SHA256) proves a message, with the secret or, in a rotation, one of several."""
    if not header:
        return False
    given = header.encode("utf-8", "replace")
    secrets = (secret,) if isinstance(secret, bytes) else secret
    # An empty secret proves nothing: anybody can sign with it.
    return any(hmac.compare_digest(_signature(key, message), given) for key in secrets if key)


def answer(status: int, message: str) -> dict[str, Any]:
    """A status and its reason, as the HTTP API hands them on."""
    body = json.dumps({"message": message})
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": body}


def _signature(secret: bytes, message: bytes) -> bytes:
    return b"sha256=" + hmac.new(secret, message, hashlib.sha256).hexdigest().encode()
