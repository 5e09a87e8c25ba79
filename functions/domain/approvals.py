"""A request for approval: a link opens a page, and a POST from that page decides once (A1-A4).

open ──POST approve──▶ consent 1 … consent N ──▶ approved        (refused while frozen or pinned)
  │                                         └─ with a time ─▶ open until then ──▶ approved
  ├──POST reject──▶ rejected         artifact or verdicts changed, critical alarm, deployment ended ──▶ void
  └──`expires_at` reached──▶ expired        newer release of the repository ──▶ superseded
"""

from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import Literal

from msgspec import field
from msgspec.structs import replace

from functions.domain.gates import Verdict
from functions.domain.order import Order, is_newer
from functions.domain.times import minute
from functions.domain.values import Value
from functions.domain.watches import Accepted, AlarmReading

State = Literal["open", "approved", "rejected", "expired", "superseded", "void"]


class Consent(Value, frozen=True):
    """The approval of one person; an environment may need several. `at` is ISO 8601, UTC.

    `identity` is the ARN of the person's AWS identity, or `slack:` and the user's id; "" for one that used a link.
    """

    by: str
    at: str
    reason: str
    address: str
    user_agent: str
    identity: str = ""


class RollbackTarget(Value, frozen=True):
    """What a rollback would restore for one part (`to`: commit or version), and whether that still exists (`ready`)."""

    part: str
    to: str
    ready: bool
    reason: str


def irreversible(target: RollbackTarget) -> RollbackTarget:
    """The target of a part with an irreversible migration: not ready, and the reason says so to approvers (M6)."""
    words = "its migration is declared irreversible: a rollback restores the code, not the data"
    return replace(target, ready=False, reason=words if target.ready else f"{target.reason}; {words}")


class Shown(Value, frozen=True):
    """What the approval page shows, stored with the request: an approval is valid for this artifact and verdicts only.

    `digest` is the artifact's SHA-256 in hexadecimal. `commits` has one line a commit, newest first.
    """

    artifact: str
    digest: str
    gates: tuple[Verdict, ...] = ()
    commits: tuple[str, ...] = ()
    commits_note: str = ""
    rollback: tuple[RollbackTarget, ...] = ()


class Approval(Value, frozen=True):
    """One request for approval. Times are ISO 8601, UTC.

    `secret_hashes` has the SHA-256 of the secret of each mailed link; the secrets are not stored. `holders` maps a hash
    to the address to which this link alone was mailed. `approvers` are those of the request, for people; who may
    approve is read from the settings when a decision is taken. `authors` are GitHub logins of whoever made, pushed or
    merged the release, if they may not approve. `version` counts accepted decisions, for the conditional write.
    `watch_seconds` is the length of the watch after the release; None in a request from before it was stored.
    `counts_from` is the time from which its approvals count, "" unless one was given for later. Until then it is open:
    an alarm, a newer release or a rejection still ends it. `links` are pages about the release, by their names.
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
    order: Order | None = None
    state: State = "open"
    by: str = ""
    reason: str = ""
    decided_at: str = ""
    address: str = ""
    user_agent: str = ""
    identity: str = ""
    holders: dict[str, str] = field(default_factory=dict)
    approvers: list[str] = field(default_factory=list)
    needed: int = 1
    authors: list[str] = field(default_factory=list)
    author_may_approve: bool = True
    consents: tuple[Consent, ...] = ()
    version: int = 0
    shown: Shown | None = None
    alarms: tuple[AlarmReading, ...] = ()
    alarms_at: str = ""
    watch_seconds: int | None = None
    counts_from: str = ""
    links: dict[str, str] = field(default_factory=dict)

    @property
    def personal(self) -> bool:
        """Whether only personal links approve: a shared one proves neither how many people use it nor who they are."""
        return self.needed > 1 or not self.author_may_approve


class Decided(Value, frozen=True):
    """How a request ended: the output of the Await state.

    `frozen`: it expired while the environment was frozen and nobody could approve; another request follows.
    """

    outcome: Literal["approved", "rejected", "expired", "superseded", "void", "frozen"]
    reason: str


def hash_secret(secret: str) -> str:
    """The stored form of a link's secret: its SHA-256 in hexadecimal."""
    return sha256(secret.encode()).hexdigest()


def secret_matches(approval: Approval | None, secret: str) -> bool:
    """Whether the secret belongs to a link of this request; every hash is compared, in constant time."""
    if approval is None:
        return False
    given = hash_secret(secret)
    matches = [compare_digest(stored, given) for stored in approval.secret_hashes]
    return any(matches)


def holder(approval: Approval, secret: str) -> str:
    """The address to which this link was mailed alone; empty when it was mailed to several people."""
    return approval.holders.get(hash_secret(secret), "")


def as_of(approval: Approval, now: str) -> Approval:
    """The approval as of `now` (ISO 8601, UTC): an open one past `expires_at` has the state `expired`."""
    return replace(approval, state="expired") if approval.state == "open" and now >= approval.expires_at else approval


def supersedes(newer: Approval, older: Approval) -> bool:
    """Whether a request supersedes another: a newer release of the same repository, both still undecided (P3, A4).

    Once the newer request is decided, the lock and the running version determine whether the older release may enter.
    """
    deploys = newer.purpose == older.purpose == "deploy" and newer.deployment_id != older.deployment_id
    same = (newer.repository, newer.environment) == (older.repository, older.environment)
    return deploys and same and newer.state == older.state == "open" and is_newer(newer.order, older.order)


def changed(approval: Approval, digest: str, gates: Sequence[Verdict]) -> str:
    """Why the approval is no longer valid for what was shown; empty while it is valid."""
    if approval.shown is None or approval.purpose != "deploy":
        return ""
    if digest != approval.shown.digest:
        return "the artifact was changed after it was shown"
    return "" if tuple(gates) == approval.shown.gates else "the gate results changed after they were shown"


def alarmed(alarms: Sequence[AlarmReading], accepted: Accepted, environment: str) -> str:
    """Why alarms void a request (A4): a critical one has entered ALARM since its baseline; empty if none has."""
    active = [a.name for a in alarms if a.severity == "critical" and a.state == "ALARM" and not accepted.covers(a)]
    if not active:
        return ""
    words = f"alarm {active[0]} is" if len(active) == 1 else f"alarms {', '.join(active)} are"
    return f"{words} in ALARM in {environment}"


def decided(approval: Approval) -> Decided:
    """How a request ended that is no longer open, with its reason."""
    words = {
        "approved": f"approved by {approval.by}" + (f": {approval.reason}" if approval.reason else ""),
        "rejected": f"rejected by {approval.by}: {approval.reason}",
        "expired": f"nobody decided before {minute(approval.expires_at)}",
        "superseded": approval.reason or "superseded by a newer release",
        "void": approval.reason or "the request was withdrawn",
    }
    assert approval.state != "open"  # noqa: S101 - for the type checker: callers have checked
    return Decided(approval.state, words[approval.state])
