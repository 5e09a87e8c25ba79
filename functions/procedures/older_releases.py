"""Ends the waits of a repository's older releases in an environment that a newer one has reached (P3, A4)."""

from msgspec.structs import replace

from functions.adapters.locks_table import LocksTable
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.admissions import Admission, Held
from functions.domain.approvals import Approval, decided
from functions.domain.order import Mark, is_newer
from functions.domain.waits import ApprovalKey, UnfreezeKey
from functions.handler import Allow, decode

END_WAITS: tuple[Allow, ...] = (*WaitsTable.FIND, *WaitsTable.WRITE, *LocksTable.WRITE, *TaskTokens.COMPLETE)


def end_waits(
    environment: str, repository: str, newer: Mark, waits: WaitsTable, locks: LocksTable, tokens: TaskTokens
) -> None:
    """End older releases' requests for approval and waits for an unfreeze; let waiters for the lock request it again.

    A wait that this does not find ends itself: each reads the newest release here again before it goes on.
    """
    words = f"the newer release {newer.commit[:12]} ({newer.deployment_id}) has reached {environment}"
    for approval in waits.approvals_of(environment):
        ours = approval.repository == repository and approval.purpose == "deploy"
        if ours and approval.state == "open" and is_newer(newer.order, approval.order):
            supersede(approval, words, waits, tokens)
    for wait in (one for one in waits.of_environment(environment) if isinstance(one.key, UnfreezeKey)):
        held = decode(Held, wait.facts)
        if held.repository == repository and is_newer(newer.order, held.order):
            tokens.succeed(wait.token, Admission("superseded", words))
            waits.forget(wait.key)
    locks.wake_older(locks.key(environment, repository), repository, newer.order)


def supersede(older: Approval, reason: str, waits: WaitsTable, tokens: TaskTokens) -> None:
    """End a request because of a newer release, unless it was decided meanwhile, and complete its wait."""
    ended = replace(older, state="superseded", reason=reason)
    wait = waits.find(ApprovalKey(older.approval_id))
    if waits.decide(ended) and wait:
        tokens.succeed(wait.token, decided(ended))
