"""The approval page: GET shows a request and changes nothing, POST decides it (A2, A3).

`POST /approvals/{id}/decision` decides it by an operator's AWS identity instead of a link (A5), and answers JSON.

200 shown or decided · 400 unreadable form · 403 not an approver · 404 unknown request or wrong secret
405 another method · 409 decided already, its deployment has ended, or the environment is frozen or pinned
410 expired, superseded or void · 422 incomplete form · 425 too early
"""

import json
from typing import Any
from urllib.parse import parse_qs

from functions.adapters.clock import Clock
from functions.adapters.pages import consented_page, ended_page, open_page, plain_page
from functions.adapters.signed_requests import Refusal, read_body
from functions.domain.approvals import Approval, as_of, decided, holder, secret_matches
from functions.domain.decisions import Decision, Refused, standing
from functions.domain.texts import recorded
from functions.domain.times import from_form
from functions.handler import Handler
from functions.procedures.decisions import DECIDE, Decisions

HANDLER = Handler(allow=DECIDE, timeout_seconds=28, memory_mb=1024)
# API Gateway lets only callers with valid AWS credentials and a permission reach it (components/platform/endpoints.py).
_SIGNED_ROUTE = "POST /approvals/{id}/decision"
_FORM_LIMIT = 16 * 1024
_STATUS = {
    "used": 409,
    "expired": 410,
    "superseded": 410,
    "void": 410,
    "ended": 409,
    "early": 425,
    "incomplete": 422,
    "forbidden": 403,
    "frozen": 409,
    "pinned": 409,
}
_BANNERS = ("frozen", "pinned")
_FORM_AGAIN = ("early", "incomplete", "forbidden", *_BANNERS)


def approval_page(event: dict[str, Any], decisions: Decisions) -> dict[str, Any]:
    """Answer an HTTP request; a wrong secret and an unknown request get the same 404."""
    if event.get("routeKey") == _SIGNED_ROUTE:
        return _signed(event, decisions)
    http = event["requestContext"]["http"]
    if http["method"] not in ("GET", "POST"):
        return plain_page(
            405, "This method is not allowed", "Open the link from the mail in a browser.", {"allow": "GET, POST"}
        )
    form = _form(event) if http["method"] == "POST" else {}
    if form is None:
        return plain_page(400, "This form can't be read", "Open the link from the mail again.")
    secret = form.get("secret") or (event.get("queryStringParameters") or {}).get("secret", "")
    approval = decisions.waits.approval((event.get("pathParameters") or {}).get("id", ""))
    if approval is None or not secret_matches(approval, secret):
        return plain_page(404, "No such request", "The link is incomplete or wrong. Open it from the mail.")
    current = as_of(approval, decisions.clock.text())
    if http["method"] != "POST":
        kept = decisions.refused_now(current)
        banner = kept.message if kept else ""
        intent = (event.get("queryStringParameters") or {}).get("intent", "")
        if current.state != "open":
            return ended_page(current)
        return open_page(current, secret, banner=banner, intent=intent)
    if form.get("decision") not in ("approve", "reject"):
        return plain_page(400, "No decision", "The form contains neither approve nor reject. Open the link again.")
    since = _time(form.get("from", ""))
    if since is None:
        return plain_page(400, "No time", "The time from which the approval counts can't be read. Open the link again.")
    decision = Decision(
        form["decision"] == "approve",
        form.get("name", ""),
        recorded(form.get("reason", "")),
        http.get("sourceIp", ""),
        http.get("userAgent", ""),
        counts_from=since,
    )
    after, refused = decisions.take(approval, decision, holder(approval, secret))
    if refused:
        return _refuse(after, refused, secret, decision, decisions.clock)
    if after.state == "open":
        return consented_page(after, 200, standing(after))
    return ended_page(after, 410 if after.state in ("void", "superseded") else 200)


def _signed(event: dict[str, Any], decisions: Decisions) -> dict[str, Any]:
    """Take the decision of an operator whose AWS identity API Gateway has verified (A5); the answer is JSON.

    `userArn` is the caller's ARN; only API Gateway writes this part of the event.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    context = event["requestContext"]
    identity = str(((context.get("authorizer") or {}).get("iam") or {}).get("userArn") or "")
    if not identity:
        return _json(403, "The request names no AWS identity.")
    given = _object(event)
    since = _time(str(given.get("from") or "")) if given else ""
    if given is None or since is None or given.get("decision") not in ("approve", "reject"):
        return _json(400, "The body is no JSON object with `decision` (approve or reject), `reason` and `from`.")
    approval = decisions.waits.approval((event.get("pathParameters") or {}).get("id", ""))
    if approval is None:
        return _json(404, "There is no such request.")
    approvers = decisions.settings.of(approval.environment)
    decision = Decision(
        given["decision"] == "approve",
        identity,
        recorded(str(given.get("reason") or "")),
        context["http"].get("sourceIp", ""),
        context["http"].get("userAgent", ""),
        identity,
        since,
    )
    after, refused = decisions.take(approval, decision, approvers.address(identity) if approvers else "")
    if refused:
        return _json(_STATUS[refused.why], refused.message)
    if after.state == "open":
        return _json(200, standing(after), "open")
    ended = decided(after)
    return _json(410 if after.state in ("void", "superseded") else 200, ended.reason, ended.outcome)


def _time(text: str) -> str | None:
    """A given time as it is stored, "" for none; None if it can't be read."""
    try:
        return from_form(text)
    except ValueError:
        return None


def _json(status: int, message: str, state: str = "") -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps({"message": message, **({"state": state} if state else {})}),
    }


def _refuse(approval: Approval, refused: Refused, secret: str, decision: Decision, clock: Clock) -> dict[str, Any]:
    current = as_of(approval, clock.text())
    if current.state == "open" and refused.why == "used":
        return consented_page(current, 409, refused.message)
    if refused.why in _FORM_AGAIN:
        banner = refused.message if refused.why in _BANNERS else ""
        intent = "approve" if decision.approve else "reject"
        return open_page(approval, secret, _STATUS[refused.why], refused.message, decision, banner, intent)
    return ended_page(current, _STATUS[refused.why])


def _form(event: dict[str, Any]) -> dict[str, str] | None:
    """The fields of the form; None if it can't be read."""
    raw = read_body(event, _FORM_LIMIT)
    if isinstance(raw, Refusal):
        return None
    try:
        return {key: values[0] for key, values in parse_qs(raw.decode(), strict_parsing=bool(raw)).items()}
    except ValueError:
        return None


def _object(event: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON object in the body; None if there is none."""
    raw = read_body(event, _FORM_LIMIT)
    if isinstance(raw, Refusal):
        return None
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
