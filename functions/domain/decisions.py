"""Decisions of people about a request for approval: who may take them, and when each one counts (A1-A5)."""

from typing import Literal

from msgspec.structs import replace

from functions.domain.approvals import Approval, Consent, as_of
from functions.domain.approvers import Approvers, person
from functions.domain.environments import Freeze
from functions.domain.times import minute
from functions.domain.values import Value


class Decision(Value, frozen=True):
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


class Refused(Value, frozen=True):
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
