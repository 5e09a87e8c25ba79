"""Requests to the HTTP API: bodies, signatures, and responses in JSON.

Standard library only: a request is verified before any other module is imported, and one without a signature is refused
before OpenSSL is.
"""

import json
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Mapping
from typing import Any, NamedTuple


class Refusal(NamedTuple):
    """Why a request is refused: the HTTP status, and a message for the sender."""

    status: int
    message: str


def read_body(event: Mapping[str, Any], limit: int) -> bytes | Refusal:
    """The bytes of the body, as they were signed; a Refusal if there are more than `limit` or base64 is invalid."""
    body = event.get("body") or ""
    try:
        raw = a2b_base64(body, strict_mode=True) if event.get("isBase64Encoded") else body.encode()
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
    import hashlib
    import hmac

    given = header.encode("utf-8", "replace")
    secrets = (secret,) if isinstance(secret, bytes) else secret
    # An empty secret is never valid: anybody can sign with it.
    signed = (hmac.new(key, message, hashlib.sha256).hexdigest() for key in secrets if key)
    return any(hmac.compare_digest(b"sha256=" + one.encode(), given) for one in signed)


def answer(status: int, message: str) -> dict[str, Any]:
    """The response of the HTTP API with a status and a message."""
    body = json.dumps({"message": message})
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": body}
