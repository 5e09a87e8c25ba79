"""A request for approval: a link opens a page, and a POST from that page decides once (A1-A4).

open ──POST approve──▶ consent 1 … consent N ──▶ approved        (refused while frozen or pinned)
  │                                         └─ with a time ─▶ open until then ──▶ approved
  ├──POST reject──▶ rejected         artifact or verdicts changed, critical alarm, deployment ended ──▶ void
  └──`expires_at` reached──▶ expired        newer release of the repository ──▶ superseded
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from hmac import compare_digest
from typing import Literal

from functions.domain.approvers import Approvers, person
from functions.domain.environments import Freeze
from functions.domain.gates import Verdict
from functions.domain.order import Order, is_newer
from functions.domain.times import minute
from functions.domain.watches import Accepted, AlarmReading

State = Literal["open", "approved", "rejected", "expired", "superseded", "void"]


@dataclass(frozen=True, slots=True)
class Consent:
    """The approval of one person; an environment may need several. `at` is ISO 8601, UTC.

    `identity` is the ARN of the person's AWS identity, or `slack:` and the user's id; "" for one that used a link.
    """

    by: str
    at: str
    reason: str
    address: str
    user_agent: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class RollbackTarget:
    """What a rollback would restore for one part (`to`: commit or version), and whether that still exists (`ready`)."""

    part: str
    to: str
    ready: bool
    reason: str


def irreversible(target: RollbackTarget) -> RollbackTarget:
    """The target of a part with an irreversible migration: not ready, and the reason says so to approvers (M6)."""
    words = "its migration is declared irreversible: a rollback restores the code, not the data"
    return replace(target, ready=False, reason=words if target.ready else f"{target.reason}; {words}")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the approval page shows, stored with the request: an approval is valid for this artifact and verdicts only.

    `digest` is the artifact's SHA-256 in hexadecimal. `commits` has one line a commit, newest first.
    """

    artifact: str
    digest: str
    gates: tuple[Verdict, ...] = ()
    commits: tuple[str, ...] = ()
    commits_note: str = ""
    rollback: tuple[RollbackTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class Approval:
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


@dataclass(frozen=True, slots=True)
class Decided:
    """How a request ended: the output of the Await state.

    `frozen`: it expired while the environment was frozen and nobody could approve; another request follows.
    """

    outcome: Literal["approved", "rejected", "expired", "superseded", "void", "frozen"]
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person posts from the approval page, or as an `identity` of AWS (an ARN) or of Slack (`slack:U…`).

    `counts_from` (ISO 8601, UTC) is the time from which an approval counts, "" for at once.
    """

    approve: bool
    by: str
    reason: str
    address: str
    user_agent: str
    identity: str = ""
    counts_from: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a decision is not accepted; `why` selects the page and its HTTP status."""

    why: Literal[
        "unknown",
        "used",
        "expired",
        "superseded",
        "void",
        "ended",
        "early",
        "incomplete",
        "forbidden",
        "frozen",
        "pinned",
    ]
    message: str


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


def due(approval: Approval, now: str, approvers: Approvers | None) -> Approval | None:
    """The approved request if the time has come from which its approvals count; else None.

    Those of people who are no longer approvers count no longer: then it stays open, and others may approve.
    """
    consents = _standing(approval, approvers)
    waits = approval.state == "open" and approval.counts_from and len(consents) >= approval.needed
    if not waits or now < approval.counts_from:
        return None
    last = consents[-1]
    return replace(
        approval,
        state="approved",
        consents=consents,
        by=", ".join(one.by for one in consents),
        reason=last.reason,
        decided_at=approval.counts_from,
        address=last.address,
        user_agent=last.user_agent,
        identity=last.identity,
    )


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


def refused_by_freeze(approval: Approval, freeze: Freeze | None) -> Refused | None:
    """Why a release can't be approved for a frozen environment; nothing is recorded. A review is no entry."""
    if freeze is None or approval.purpose != "deploy" or approval.state != "open":
        return None
    return Refused(
        "frozen",
        f"{freeze.describe(approval.environment)}. Nothing was recorded: approve here once it is unfrozen "
        f"(`kiro-worker unfreeze {approval.environment}`). Rejecting is possible now.",
    )


def refused_by_pin(approval: Approval, pinned: str) -> Refused | None:
    """Why a release can't be approved whose parts were pinned since it was planned (R14); nothing is recorded."""
    if not pinned or approval.purpose != "deploy" or approval.state != "open":
        return None
    return Refused(
        "pinned",
        f"{pinned}. Nothing was recorded: approve here once it is unpinned "
        f"(`kiro-worker unpin {approval.environment}`). "
        "Rejecting is possible now.",
    )


def decide(
    approval: Approval, decision: Decision, now: str, approvers: Approvers | None, held_by: str = ""
) -> Approval | Refused:
    """The approval with the decision, or why the decision is refused; `held_by` is the holder of a personal link.

    `approvers` are today's; None if the settings have the environment no longer. While more approvals are needed, the
    request stays open, with one consent more; those of people who are no longer approvers are removed.
    """
    current = as_of(approval, now)
    if current.state in ("approved", "rejected"):
        return Refused(
            "used", f"This request was already {current.state} by {current.by} at {minute(current.decided_at)}."
        )
    if current.state != "open":
        return Refused(current.state, _ended(current))  # type: ignore[arg-type]
    decision = replace(decision, by=(held_by or decision.by).strip()[:200], reason=decision.reason.strip()[:2000])
    refused = _refused(approval, decision, now, approvers, held_by)
    if refused:
        return refused
    agent, identity = decision.user_agent[:400], decision.identity
    consent = Consent(decision.by, now, decision.reason, decision.address, agent, identity)
    consents = (*_standing(approval, approvers), consent) if decision.approve else approval.consents
    decided = replace(approval, consents=consents, version=approval.version + 1)
    if decision.approve:
        decided = replace(decided, counts_from=max(approval.counts_from, decision.counts_from))
    if decision.approve and (len(consents) < approval.needed or decided.counts_from > now):
        return decided
    return replace(
        decided,
        state="approved" if decision.approve else "rejected",
        by=", ".join(one.by for one in consents) if decision.approve else decision.by,
        reason=decision.reason,
        decided_at=now,
        address=decision.address,
        user_agent=agent,
        identity=identity,
    )


def standing(approval: Approval) -> str:
    """What an open request with approvals still waits for: more people, or the time from which they count."""
    missing = approval.needed - len(approval.consents)
    more = f"; {missing} more must approve" if missing > 0 else ""
    since = f"; it counts from {minute(approval.counts_from)}" if approval.counts_from else ""
    return f"Your approval is recorded{more}{since}."


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


def _refused(
    approval: Approval, decision: Decision, now: str, approvers: Approvers | None, held_by: str
) -> Refused | None:
    """Why a decision is refused. Every holder of a link may reject; only a permitted person may approve, and once."""
    if not decision.by:
        return Refused("incomplete", "Enter your name: it is recorded with the decision.")
    if not decision.approve:
        return None if decision.reason else Refused("incomplete", "Enter a reason: the author of the release reads it.")
    if decision.counts_from and not now < decision.counts_from < approval.expires_at:
        return Refused(
            "incomplete",
            f"An approval can count from a later time, before the request ends at {minute(approval.expires_at)}.",
        )
    if now < approval.decides_from:
        return Refused(
            "early", f"Approving is possible from {minute(approval.decides_from)} on. Rejecting is possible now."
        )
    forbidden = _forbidden(approval, decision, approvers, held_by)
    if forbidden:
        return Refused("forbidden", forbidden)
    consents = _standing(approval, approvers)
    if person(decision.by) in (person(one.by) for one in consents):
        left = approval.needed - len(consents)
        return Refused("used", f"{decision.by} has already approved; approvals still needed from others: {left}.")
    return None


def _forbidden(approval: Approval, decision: Decision, approvers: Approvers | None, held_by: str) -> str:
    """Why this person may not approve, with the next step; "" if they may."""
    where, by = approval.environment, decision.by
    if approvers is None:
        return f"The settings of the stack have no environment {where} any more. Reject this request."
    if approvers.needed > approval.needed or (approval.author_may_approve and not approvers.author_may_approve):
        return (
            f"The settings of {where} demand more of an approval than when this one was requested (approvalsNeeded or "
            "authorMayApprove). Reject this request and start the deployment again."
        )
    if decision.identity and not held_by and (approvers.logins or approval.personal):
        return (
            f"{decision.identity} is the AWS identity of no approver of {where}: name it in approverIdentities of the "
            "settings, or approve with the link of a mail."
        )
    if approval.personal and not held_by:
        return "This link does not say who you are. Approve with the link of the mail to your own address."
    if not approvers.admits(by, personal=bool(held_by)):
        if held_by:
            return f"{by} is no longer an approver of {where} in the settings. One who still is must decide."
        return (
            f"{by} is not an approver. Enter your e-mail address; if a mail brought you a link of your own, open that."
        )
    login = approvers.login(by)
    if not approval.author_may_approve and not login:
        return f"approverLogins of {where} has no GitHub login of {by}, so nobody knows whether it is your release."
    if not approval.author_may_approve and login in approval.authors:
        return f"{login} made, pushed or merged this release and may not approve it. Another approver must decide."
    return ""


def _standing(approval: Approval, approvers: Approvers | None) -> tuple[Consent, ...]:
    """The consents of people who are approvers still."""
    return tuple(one for one in approval.consents if approvers and approvers.admits(one.by, personal=True))


def _ended(approval: Approval) -> str:
    end = minute(approval.expires_at)
    words = {
        "expired": f"This request expired at {end}. Start the deployment again for a new request.",
        "superseded": f"This request is superseded: {approval.reason or 'a newer release of this repository waits'}.",
        "void": "This request is void: what it showed has changed, or its deployment has ended.",
    }
    return words[approval.state]
