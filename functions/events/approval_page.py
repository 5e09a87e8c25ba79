"""The approval page: GET shows a request and changes nothing, POST decides it (A2, A3).

200 shown or decided · 400 unreadable form · 403 not an approver · 404 unknown request or wrong secret
405 another method · 409 decided already, or the environment is frozen or pinned · 410 expired, superseded or void
422 incomplete form · 425 too early
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from functions.adapters.approver_settings import ApproverSettings
from functions.adapters.artifacts import Artifacts
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.pages import consented_page, ended_page, open_page, plain_page
from functions.adapters.signed_requests import Refusal, read_body
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import (
    Approval,
    Decision,
    Refused,
    alarmed,
    as_of,
    changed,
    decide,
    decided,
    holder,
    refused_by_freeze,
    refused_by_pin,
    secret_matches,
)
from functions.domain.environments import Environment
from functions.domain.errors import SourceError
from functions.domain.order import overtaken
from functions.domain.texts import recorded
from functions.domain.waits import ApprovalFacts, ApprovalKey
from functions.handler import Allow, Handler, decode
from functions.procedures.pins import kept_out

_LOG = logging.getLogger(__name__)
HANDLER = Handler(
    allow=(
        *WaitsTable.DECIDE,
        *TaskTokens.COMPLETE,
        *DeploymentsTable.READ,
        *DeploymentsTable.WRITE,
        *EnvironmentsTable.READ,
        *Artifacts.READ,
        Allow(("cloudwatch:DescribeAlarms",), on="*", why="the alarms of a release have any name"),
    ),
    timeout_seconds=28,
    memory_mb=1024,
)
_FORM_LIMIT = 16 * 1024
_STATUS = {
    "used": 409,
    "expired": 410,
    "superseded": 410,
    "void": 410,
    "early": 425,
    "incomplete": 422,
    "forbidden": 403,
    "frozen": 409,
    "pinned": 409,
}
_BANNERS = ("frozen", "pinned")
_FORM_AGAIN = ("early", "incomplete", "forbidden", *_BANNERS)
_TRIES = 5


def approval_page(
    event: dict[str, Any],
    waits: WaitsTable,
    tokens: TaskTokens,
    deployments: DeploymentsTable,
    environments: EnvironmentsTable,
    health: EnvironmentHealth,
    artifacts: Artifacts,
    settings: ApproverSettings,
    clock: Clock,
) -> dict[str, Any]:
    """Answer an HTTP request; a wrong secret and an unknown request get the same 404.

    Who may approve is read from the settings of now, not from the request: a person may have been removed since.
    """
    http = event["requestContext"]["http"]
    if http["method"] not in ("GET", "POST"):
        return plain_page(
            405, "This method is not allowed", "Open the link from the mail in a browser.", {"allow": "GET, POST"}
        )
    form = _form(event) if http["method"] == "POST" else {}
    if form is None:
        return plain_page(400, "This form can't be read", "Open the link from the mail again.")
    secret = form.get("secret") or (event.get("queryStringParameters") or {}).get("secret", "")
    approval = waits.approval((event.get("pathParameters") or {}).get("id", ""))
    if approval is None or not secret_matches(approval, secret):
        return plain_page(404, "No such request", "The link is incomplete or wrong. Open it from the mail.")
    current = as_of(approval, clock.text())
    kept = refused_by_freeze(current, environments.frozen(current.environment)) or _pinned(
        current, deployments, environments
    )
    if http["method"] != "POST":
        banner = kept.message if kept else ""
        return open_page(current, secret, banner=banner) if current.state == "open" else ended_page(current)
    if form.get("decision") not in ("approve", "reject"):
        return plain_page(400, "No decision", "The form contains neither approve nor reject. Open the link again.")
    decision = Decision(
        form["decision"] == "approve",
        form.get("name", ""),
        recorded(form.get("reason", "")),
        http.get("sourceIp", ""),
        http.get("userAgent", ""),
    )
    if decision.approve and kept:
        return _refuse(approval, kept, secret, decision, clock)
    ended: Approval | None = None
    if decision.approve and current.state == "open":
        ended = _superseded(current, environments) or _void(current, artifacts, deployments, waits, health)
    for _ in range(_TRIES):  # if somebody else decided meanwhile, the decision is made again from what they wrote
        after = ended or decide(
            approval, decision, clock.text(), settings.of(approval.environment), holder(approval, secret)
        )
        if isinstance(after, Refused):
            return _refuse(approval, after, secret, decision, clock)
        written = waits.consent(after) if after.version > approval.version else waits.decide(after)
        if written:
            return _recorded(after, waits, tokens, deployments)
        approval = waits.approval(approval.approval_id) or approval
        if approval.state != "open":
            break
    return ended_page(approval, 409) if approval.state != "open" else open_page(approval, secret, 409, "Try again.")


def _refuse(approval: Approval, refused: Refused, secret: str, decision: Decision, clock: Clock) -> dict[str, Any]:
    current = as_of(approval, clock.text())
    if current.state == "open" and refused.why == "used":
        return consented_page(current, 409, refused.message)
    if refused.why in _FORM_AGAIN:
        banner = refused.message if refused.why in _BANNERS else ""
        return open_page(approval, secret, _STATUS[refused.why], refused.message, decision, banner)
    return ended_page(current, _STATUS[refused.why])


def _pinned(approval: Approval, deployments: DeploymentsTable, environments: EnvironmentsTable) -> Refused | None:
    """The refusal of an approval because of a pin; records are read only of requests that are open."""
    if approval.purpose != "deploy" or approval.state != "open":
        return None
    record = deployments.get(approval.deployment_id)
    return refused_by_pin(approval, kept_out(record, approval.environment, environments))


def _superseded(approval: Approval, environments: EnvironmentsTable) -> Approval | None:
    """The superseded request if a newer release has passed the environment; None if none has.

    One that only arrived counts when the lock is requested, because this function may not read executions.
    """
    for service in (approval.order.services if approval.order else ()) or ("",):
        passage = replace(environments.passage(approval.environment, approval.repository, service), arrived=None)
        reason = overtaken(approval.order, passage, approval.environment, lambda _: False)
        if reason and approval.purpose == "deploy":
            return replace(approval, state="superseded", reason=reason)
    return None


def _void(
    approval: Approval,
    artifacts: Artifacts,
    deployments: DeploymentsTable,
    waits: WaitsTable,
    health: EnvironmentHealth,
) -> Approval | None:
    """The void request if something differs from what was shown, or an alarm has entered ALARM since; None if not."""
    reason = _changed(approval, artifacts, deployments) or _alarmed(approval, waits, health)
    return replace(approval, state="void", reason=reason) if reason else None


def _changed(approval: Approval, artifacts: Artifacts, deployments: DeploymentsTable) -> str:
    """Why the request is void: artifact or verdicts, read again, differ from those that were shown; "" if not."""
    if approval.shown is None or approval.purpose != "deploy":
        return ""
    try:
        digest = artifacts.digest(approval.shown.artifact) if approval.shown.artifact else ""
    except SourceError as error:
        return str(error)
    return changed(approval, digest, deployments.verdicts(approval.deployment_id))


def _alarmed(approval: Approval, waits: WaitsTable, health: EnvironmentHealth) -> str:
    """Why alarms void the request although their event was lost (A4); "" if none does, or if they can't be read.

    The page is public, so it assumes no role of an environment: it reads the alarms of its own account under its own
    role. Those of other accounts are read by AwaitApproval, and all of them again under the lock, before anything is
    changed.
    """
    wait = waits.find(ApprovalKey(approval.approval_id))
    facts = decode(ApprovalFacts, wait.facts) if wait else ApprovalFacts()
    where = facts.environment
    if wait is None or where is None or facts.accepted is None or not _same_account(wait.execution, where):
        return ""
    try:
        alarms = health.alarms(replace(where, read_role_arn=""), approval.repository)
        return alarmed(alarms, facts.accepted, where.name)
    except Exception as error:  # the request stays as valid as it was
        _LOG.warning("the alarms could not be read before an approval", extra={"reason": str(error)})
        return ""


def _same_account(execution: str, environment: Environment) -> bool:
    """Whether the stack deploys to its own account; both are ARNs."""
    return execution.split(":")[4:5] == environment.deploy_role_arn.split(":")[4:5]


def _recorded(after: Approval, waits: WaitsTable, tokens: TaskTokens, deployments: DeploymentsTable) -> dict[str, Any]:
    """Note the stored decision in the record and end the wait; if that fails, the wait's backstop reads it."""
    deployments.note(after.deployment_id, **{f"approval_{after.environment}_{after.purpose}": _facts(after)})
    if after.state == "open":
        left = after.needed - len(after.consents)
        return consented_page(after, 200, f"Your approval is recorded; {left} more must approve.")
    if after.state == "approved":
        deployments.note_known(after.deployment_id, status="running", reason="")  # it waits no longer
    wait = waits.find(ApprovalKey(after.approval_id))
    if wait:
        tokens.succeed(wait.token, decided(after))
    return ended_page(after, 410 if after.state in ("void", "superseded") else 200)


def _facts(after: Approval) -> Mapping[str, Any]:
    return {
        "purpose": after.purpose,
        "state": after.state,
        "by": after.by,
        "reason": after.reason,
        "at": after.decided_at,
        "address": after.address,
        "userAgent": after.user_agent,
        "consents": after.consents,
        "digest": after.shown.digest if after.shown else "",
    }


def _form(event: dict[str, Any]) -> dict[str, str] | None:
    """The fields of the form; None if it can't be read."""
    raw = read_body(event, _FORM_LIMIT)
    if isinstance(raw, Refusal):
        return None
    try:
        return {key: values[0] for key, values in parse_qs(raw.decode(), strict_parsing=bool(raw)).items()}
    except ValueError:
        return None
