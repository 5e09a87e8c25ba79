"""The HTTP headers of pages for people."""

from base64 import b64encode
from functools import cache
from hashlib import sha256


@cache
def headers(style: str, script: str = "") -> dict[str, str]:
    """Headers that forbid loading, framing, caching and referrers; the style and the script are allowed by their hash.

    A page with a script may read from its own origin, and has no form; one without may post to it. Images come only out
    of the page itself: that is its icon.
    """
    inside = f"script-src '{_hash(script)}'; connect-src 'self'; form-action 'none'" if script else "form-action 'self'"
    return {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "x-robots-tag": "noindex, nofollow",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "strict-transport-security": "max-age=31536000",
        "content-security-policy": (
            f"default-src 'none'; style-src '{_hash(style)}'; img-src data:; {inside}; frame-ancestors 'none'; "
            "base-uri 'none'"
        ),
    }


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
