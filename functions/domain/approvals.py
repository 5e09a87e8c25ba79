"""A request for approval: a link that opens a page, and a POST that decides once (A1-A4)."""

from dataclasses import dataclass, replace
from hashlib import sha256
from hmac import compare_digest
from typing import Literal

State = Literal["open", "approved", "rejected", "expired", "superseded", "void"]


@dataclass(frozen=True, slots=True)
class Approval:
    """One request; only hashes of its secrets are kept: one per mail that was sent. Times are ISO 8601, UTC."""

    approval_id: str
    purpose: Literal["deploy", "review"]
    deployment_id: str
    environment: str
    summary: dict[str, str]
    secret_hashes: list[str]
    requested_at: str
    decides_from: str
    expires_at: str
    repository: str = ""
    committed_at: str = ""
    state: State = "open"
    by: str = ""
    reason: str = ""
    decided_at: str = ""
    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person posts."""

    approve: bool
    by: str
    reason: str
    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a decision does not count; `why` picks the page and its status code."""

    why: Literal["unknown", "used", "expired", "superseded", "void", "early", "incomplete"]
    message: str


def hash_secret(secret: str) -> str:
    """How the secret of a link is kept."""
    return sha256(secret.encode()).hexdigest()


def opens(approval: Approval | None, secret: str) -> bool:
    """Whether the secret is one of the links'; every hash is compared, in constant time."""
    if approval is None:
        return False
    given = hash_secret(secret)
    matches = [compare_digest(stored, given) for stored in approval.secret_hashes]
    return any(matches)


def seen(approval: Approval, now: str) -> Approval:
    """The approval as of now: an open one past its end has expired."""
    return replace(approval, state="expired") if approval.state == "open" and now >= approval.expires_at else approval


def supersedes(newer: Approval, older: Approval) -> bool:
    """Whether one request takes the place of another: the same repository's newer release, both undecided (P3, A4).

    Once the newer one is decided, the lock and what runs say whether the older one may still enter.
    """
    deploys = newer.purpose == older.purpose == "deploy" and newer.deployment_id != older.deployment_id
    same = (newer.repository, newer.environment) == (older.repository, older.environment)
    return deploys and same and newer.state == older.state == "open" and newer.committed_at > older.committed_at


def decide(approval: Approval, decision: Decision, now: str) -> Approval | Refused:
    """The approval with its decision, or why this decision does not count."""
    current = seen(approval, now)
    if current.state in ("approved", "rejected"):
        said = f"already {current.state} by {current.by} at {current.decided_at}"
        return Refused("used", f"This link was used: {said}.")
    if current.state != "open":
        return Refused(current.state, _ended(current))  # type: ignore[arg-type]
    if not decision.by.strip():
        return Refused("incomplete", "Give your name: the decision is recorded with it.")
    if not decision.approve and not decision.reason.strip():
        return Refused("incomplete", "Give a reason for the rejection: the author will read it.")
    if decision.approve and now < approval.decides_from:
        return Refused("early", f"Approval counts from {approval.decides_from} on. Rejecting is possible now.")
    return replace(
        approval,
        state="approved" if decision.approve else "rejected",
        by=decision.by.strip()[:200],
        reason=decision.reason.strip()[:2000],
        decided_at=now,
        address=decision.address,
        user_agent=decision.user_agent[:400],
    )


def _ended(approval: Approval) -> str:
    words = {
        "expired": f"This request expired at {approval.expires_at}; start the deployment again to ask anew.",
        "superseded": "A newer release has taken the place of this one; look for its own request.",
        "void": "The deployment that asked has ended; nothing is left to decide.",
    }
    return words[approval.state]
