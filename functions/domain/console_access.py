"""Who may open the console: a link that is good for minutes begins a session that is good for hours.

`kiro-worker open` writes an access with the caller's own AWS permissions, so IAM says who may; the page's function can
only read it. What is stored opens nothing: of the link's secret and of the session there are hashes. The session is
derived from both the secret and the stored salt, so a link that is found later begins none.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest, digest

from functions.domain.values import Value

OPENS_FOR = timedelta(minutes=5)
LASTS = timedelta(hours=8)


class Access(Value, frozen=True):
    """One access of `by` (an ARN), as stored; times are ISO 8601, UTC."""

    access_id: str
    by: str
    salt: str
    link_hash: str
    session_hash: str
    opens_until: str
    ends_at: str


def grant(access_id: str, secret: str, salt: str, by: str, now: datetime) -> Access:
    """The access for a link with this secret; secret and salt are new and random, at least 128 bits each."""
    return Access(
        access_id,
        by,
        salt,
        _hash(secret),
        _hash(_session(secret, salt)),
        (now + OPENS_FOR).isoformat(),
        (now + LASTS).isoformat(),
    )


def begin(access: Access | None, secret: str, now: datetime) -> str:
    """The session that a link begins; "" for an unknown access, a wrong secret, or a link that is too old."""
    if access is None or not compare_digest(access.link_hash, _hash(secret)):
        return ""
    return _session(secret, access.salt) if now < datetime.fromisoformat(access.opens_until) else ""


def admits(access: Access | None, session: str, now: datetime) -> bool:
    """Whether a session belongs to this access and has not ended."""
    if access is None or not compare_digest(access.session_hash, _hash(session)):
        return False
    return now < datetime.fromisoformat(access.ends_at)


def _session(secret: str, salt: str) -> str:
    return digest(secret.encode(), salt.encode(), "sha256").hex()


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
