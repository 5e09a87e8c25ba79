"""The signature GitHub puts on a webhook; standard library only, as it runs before anything else."""

import hashlib
import hmac


def verify(secret: bytes | tuple[bytes, ...], raw_body: bytes, header: str | None) -> bool:
    """Whether `X-Hub-Signature-256` proves the body, with the secret or, during a rotation, with one of several."""
    if not header:
        return False
    given = header.encode("utf-8", "replace")
    secrets = (secret,) if isinstance(secret, bytes) else secret
    # An empty secret proves nothing: anybody can sign with it.
    return any(hmac.compare_digest(_signature(key, raw_body), given) for key in secrets if key)


def _signature(secret: bytes, raw_body: bytes) -> bytes:
    return b"sha256=" + hmac.new(secret, raw_body, hashlib.sha256).hexdigest().encode()
