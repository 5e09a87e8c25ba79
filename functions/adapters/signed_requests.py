"""Requests to the HTTP API: bodies, signatures, and responses in JSON.

Standard library only: a request is verified before any other module is imported.
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
    """Why a request is refused: the HTTP status, and a message for the sender."""

    status: int
    message: str


def read_body(event: Mapping[str, Any], limit: int) -> bytes | Refusal:
    """The bytes of the body, as they were signed; a Refusal if there are more than `limit` or base64 is invalid."""
    body = event.get("body") or ""
    try:
        raw = b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (Base64Error, ValueError):
        return Refusal(400, "the body is not valid base64")
    return raw if len(raw) <= limit else Refusal(413, f"the body has {len(raw)} bytes, {limit} allowed")


def read_headers(event: Mapping[str, Any]) -> dict[str, str]:
    """The headers, by name in lower case."""
    return {key.lower(): value for key, value in event.get("headers", {}).items()}


def verify(secret: bytes | tuple[bytes, ...], message: bytes, header: str | None) -> bool:
    """Whether a header `sha256=…` is the HMAC-SHA256 of the message with the secret, or with one of several."""
    if not header:
        return False
    given = header.encode("utf-8", "replace")
    secrets = (secret,) if isinstance(secret, bytes) else secret
    # An empty secret is never valid: anybody can sign with it.
    return any(hmac.compare_digest(_signature(key, message), given) for key in secrets if key)


def answer(status: int, message: str) -> dict[str, Any]:
    """The response of the HTTP API with a status and a message."""
    body = json.dumps({"message": message})
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": body}


def _signature(secret: bytes, message: bytes) -> bytes:
    return b"sha256=" + hmac.new(secret, message, hashlib.sha256).hexdigest().encode()
