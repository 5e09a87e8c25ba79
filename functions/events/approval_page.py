"""The approval page: GET shows a request and decides nothing, POST decides it once (A2, A3)."""

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any
from urllib.parse import parse_qs

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.pages import ended_page, open_page, plain_page
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable, approval_key
from functions.domain.approvals import Approval, Decision, Refused, decide, opens, seen
from functions.entry import Room
from functions.stage.await_approval import decided

ROOM = Room(
    allow=(*WaitsTable.READ, *WaitsTable.WRITE, *TaskTokens.COMPLETE, *DeploymentsTable.WRITE), timeout_seconds=20
)
_FORM_LIMIT = 16 * 1024
_STATUS = {"used": 409, "expired": 410, "superseded": 410, "void": 410, "early": 425, "incomplete": 422}


def approval_page(
    event: dict[str, Any], waits: WaitsTable, tokens: TaskTokens, deployments: DeploymentsTable, clock: Clock
) -> dict[str, Any]:
    """A forged link and an unknown one look the same: 404."""
    http = event["requestContext"]["http"]
    approval_id = event.get("pathParameters", {}).get("id", "")
    form = _form(event) if http["method"] == "POST" else {}
    if form is None:
        return plain_page(400, "This form can't be read", "Open the link from the mail again.")
    secret = form.get("secret") or event.get("queryStringParameters", {}).get("secret", "")
    approval = waits.approval(approval_id)
    if approval is None or not opens(approval, secret):
        return plain_page(404, "No such request", "The link is incomplete, or was never sent. Open it from the mail.")
    current = seen(approval, clock.text())
    if http["method"] != "POST":
        return open_page(current, secret) if current.state == "open" else ended_page(current)
    if form.get("decision") not in ("approve", "reject"):
        return plain_page(400, "Nothing was decided", "The form says neither approve nor reject. Open the link again.")
    decision = Decision(
        form["decision"] == "approve",
        form.get("name", ""),
        form.get("reason", ""),
        http.get("sourceIp", ""),
        http.get("userAgent", ""),
    )
    return _post(approval, decision, secret, waits, tokens, deployments, clock)


def _post(
    approval: Approval,
    decision: Decision,
    secret: str,
    waits: WaitsTable,
    tokens: TaskTokens,
    deployments: DeploymentsTable,
    clock: Clock,
) -> dict[str, Any]:
    """The decision is written first, then the waiting state is told; if that fails, its backstop reads it."""
    after = decide(approval, decision, clock.text())
    if isinstance(after, Refused):
        if after.why in ("early", "incomplete"):
            return open_page(approval, secret, _STATUS[after.why], after.message, decision)
        return ended_page(seen(approval, clock.text()), _STATUS[after.why])
    if not waits.decide(after):  # two people at once: the other one was first
        return ended_page(waits.approval(approval.approval_id) or approval, 409)
    facts = {
        "purpose": after.purpose,
        "state": after.state,
        "by": after.by,
        "reason": after.reason,
        "at": after.decided_at,
        "address": after.address,
        "userAgent": after.user_agent,
    }
    deployments.note(after.deployment_id, **{f"approval_{after.environment}_{after.purpose}": facts})
    wait = waits.find(approval_key(after.approval_id))
    if wait:
        tokens.succeed(wait.token, decided(after))
    return ended_page(after, 200)


def _form(event: dict[str, Any]) -> dict[str, str] | None:
    body = event.get("body") or ""
    try:
        raw = b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > _FORM_LIMIT:
            return None
        return {key: values[0] for key, values in parse_qs(raw.decode(), strict_parsing=bool(raw)).items()}
    except (Base64Error, ValueError):
        return None
