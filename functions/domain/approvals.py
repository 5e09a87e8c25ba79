"""A request for approval: a link that opens a page, and a POST that decides once (A1-A4).

open ──POST approve──▶ consent 1 … consent N ──▶ approved
  ├──POST reject──▶ rejected         what was shown changed, an alarm rang, the deployment ended ──▶ void
  └──its time is up──▶ expired       a newer release came ──▶ superseded
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from hmac import compare_digest
from typing import Literal

from functions.domain.gates import Verdict
from functions.domain.watches import AlarmReading

State = Literal["open", "approved", "rejected", "expired", "superseded", "void"]


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's approval, of possibly several that are needed."""

    by: str
    at: str
    reason: str
    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class RollbackTarget:
    """What a rollback would do with one part, and whether what it needs is there now."""

    part: str
    to: str
    ready: bool
    reason: str


def irreversible(target: RollbackTarget) -> RollbackTarget:
    """The target of a part whose migration can't be undone: what people have to know before they approve (M6)."""
    words = "its migration is declared irreversible: a rollback puts back the code, not the data"
    return replace(target, ready=False, reason=words if target.ready else f"{target.reason}; {words}")


@dataclass(frozen=True, slots=True)
class Shown:
    """What people see when they are asked, frozen; an approval counts for this artifact and these verdicts only."""

    artifact: str
    digest: str
    gates: tuple[Verdict, ...] = ()
    commits: tuple[str, ...] = ()
    commits_note: str = ""
    rollback: tuple[RollbackTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class Approval:
    """One request; only hashes of its secrets are kept: one per mail that was sent. Times are ISO 8601, UTC.

    `holders` knows whose personal link a secret is; `approvers` are e-mail addresses, or `@domain` for everybody there.
    """

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
    holders: dict[str, str] = field(default_factory=dict)
    approvers: list[str] = field(default_factory=list)
    needed: int = 1
    authors: list[str] = field(default_factory=list)
    consents: tuple[Consent, ...] = ()
    version: int = 0
    shown: Shown | None = None
    alarms: tuple[AlarmReading, ...] = ()
    alarms_at: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """How a request ended, as the workflow that waits for it reads it."""

    outcome: Literal["approved", "rejected", "expired", "superseded", "void"]
    reason: str


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

    why: Literal["unknown", "used", "expired", "superseded", "void", "early", "incomplete", "forbidden"]
    message: str


def hash_secret(secret: str) -> str:
    """How the secret of a link is kept."""
    return sha256(secret.encode()).hexdigest()


def secret_matches(approval: Approval | None, secret: str) -> bool:
    """Whether the secret is one of the links'; every hash is compared, in constant time."""
    if approval is None:
        return False
    given = hash_secret(secret)
    matches = [compare_digest(stored, given) for stored in approval.secret_hashes]
    return any(matches)


def holder(approval: Approval, secret: str) -> str:
    """Whose personal link this is; empty when it was mailed to several."""
    return approval.holders.get(hash_secret(secret), "")


def as_of(approval: Approval, now: str) -> Approval:
    """The approval as of now: an open one past its end has expired."""
    return replace(approval, state="expired") if approval.state == "open" and now >= approval.expires_at else approval


def supersedes(newer: Approval, older: Approval) -> bool:
    """Whether one request takes the place of another: the same repository's newer release, both undecided (P3, A4).

    Once the newer one is decided, the lock and what runs say whether the older one may still enter.
    """
    deploys = newer.purpose == older.purpose == "deploy" and newer.deployment_id != older.deployment_id
    same = (newer.repository, newer.environment) == (older.repository, older.environment)
    return deploys and same and newer.state == older.state == "open" and newer.committed_at > older.committed_at


def changed(approval: Approval, digest: str, gates: Sequence[Verdict]) -> str:
    """Why the approval would no longer be about what was shown; empty when it still is."""
    if approval.shown is None or approval.purpose != "deploy":
        return ""
    if digest != approval.shown.digest:
        return "the artifact was changed after it was shown"
    return "" if tuple(gates) == approval.shown.gates else "the gate results changed after they were shown"


def decide(approval: Approval, decision: Decision, now: str, held_by: str = "") -> Approval | Refused:
    """The approval with its decision, or why this decision does not count; `held_by` is the link's own holder.

    An approval of several that are needed leaves the request open, with one consent more.
    """
    current = as_of(approval, now)
    if current.state in ("approved", "rejected"):
        said = f"already {current.state} by {current.by} at {current.decided_at}"
        return Refused("used", f"This link was used: {said}.")
    if current.state != "open":
        return Refused(current.state, _ended(current))  # type: ignore[arg-type]
    decision = replace(decision, by=(held_by or decision.by).strip()[:200], reason=decision.reason.strip()[:2000])
    refused = _refused(approval, decision, now)
    if refused:
        return refused
    consent = Consent(decision.by, now, decision.reason, decision.address, decision.user_agent[:400])
    consents = (*approval.consents, consent) if decision.approve else approval.consents
    decided = replace(approval, consents=consents, version=approval.version + 1)
    if decision.approve and len(consents) < approval.needed:
        return decided
    return replace(
        decided,
        state="approved" if decision.approve else "rejected",
        by=", ".join(one.by for one in consents) if decision.approve else decision.by,
        reason=decision.reason,
        decided_at=now,
        address=decision.address,
        user_agent=decision.user_agent[:400],
    )


def decided(approval: Approval) -> Decided:
    """The end of a request that is no longer open."""
    words = {
        "approved": f"approved by {approval.by}" + (f": {approval.reason}" if approval.reason else ""),
        "rejected": f"rejected by {approval.by}: {approval.reason}",
        "expired": f"nobody decided until {approval.expires_at}",
        "superseded": "a newer release took its place",
        "void": approval.reason or "the request was withdrawn",
    }
    assert approval.state != "open"  # noqa: S101 - the type checker's: callers looked
    return Decided(approval.state, words[approval.state])


def _refused(approval: Approval, decision: Decision, now: str) -> Refused | None:
    """Whoever holds a link may reject; who approves must be allowed to, and be somebody new."""
    by = decision.by.casefold()
    if not by:
        return Refused("incomplete", "Give your name: the decision is recorded with it.")
    if not decision.approve:
        return None if decision.reason else Refused("incomplete", "Give a reason: the author will read it.")
    if now < approval.decides_from:
        return Refused("early", f"Approval counts from {approval.decides_from} on. Rejecting is possible now.")
    if by in (author.casefold() for author in approval.authors):
        return Refused("forbidden", "The author of a release may not approve it here. Ask somebody else.")
    if approval.approvers and not any(_fits(rule.casefold(), by) for rule in approval.approvers):
        return Refused("forbidden", f"{decision.by} is not among those who may approve: give your e-mail address.")
    if by in (consent.by.casefold() for consent in approval.consents):
        left = approval.needed - len(approval.consents)
        return Refused("used", f"{decision.by} has approved already; {left} more must do so.")
    return None


def _fits(rule: str, by: str) -> bool:
    """An address, or `@domain` for every address there."""
    name, _, domain = by.rpartition("@")
    return bool(name) and rule in (by, f"@{domain}")


def _ended(approval: Approval) -> str:
    words = {
        "expired": f"This request expired at {approval.expires_at}; start the deployment again to ask anew.",
        "superseded": "A newer release has taken the place of this one; look for its own request.",
        "void": "Its deployment has ended; nothing is left to decide.",
    }
    return words[approval.state]
