"""GitHub's webhook: verify the signature of the raw body, then parse it, then start what it reports (P1, P2).

403 address not allowed · 401 no or wrong signature · 413 too large · 400 not GitHub's format
202 started, handled before or ignored
"""

import json
from typing import Any

from functions.adapters.allowed_networks import AllowedNetworks
from functions.adapters.clock import Clock
from functions.adapters.deliveries import Deliveries
from functions.adapters.invocations import Invocations
from functions.adapters.secrets import WebhookSecret
from functions.adapters.signed_requests import Refusal, answer, read_body, read_headers, verify
from functions.adapters.triggers import Triggers
from functions.adapters.waiting_jobs import WaitingJobs
from functions.adapters.workflows import Deployments
from functions.domain.errors import BadInputError
from functions.handler import Handler
from functions.procedures.rollback_requests import RollbackRequests

# GitHub itself sends at most 25 MB; a push that starts a deployment is far smaller, and HTTP API allows 10 MB.
_LIMIT = 1024 * 1024


HANDLER = Handler(
    allow=(
        *WebhookSecret.READ,
        *Deployments.START,
        *RollbackRequests.START,
        *Deliveries.USE,
        *Invocations.POLL,
        *Invocations.PLAN,
        *Invocations.REVIEW,
        *WaitingJobs.KEEP,
    ),
    timeout_seconds=20,
    memory_mb=512,
)


def github_webhook(
    event: dict[str, Any],
    allowed_networks: AllowedNetworks,
    secret: WebhookSecret,
    deployments: Deployments,
    triggers: Triggers,
    rollbacks: RollbackRequests,
    deliveries: Deliveries,
    invocations: Invocations,
    jobs: WaitingJobs,
    clock: Clock,
) -> dict[str, Any]:
    """Answer a delivery; before the signature is verified nothing is parsed, and only the secret is read."""
    address = event.get("requestContext", {}).get("http", {}).get("sourceIp", "")
    if not allowed_networks.allow(address):
        return answer(
            403, f"webhooks are not accepted from {address or 'an unknown address'}; see github.allowedNetworks"
        )
    headers = read_headers(event)
    signature = headers.get("x-hub-signature-256", "")
    if not signature.startswith("sha256="):
        return answer(401, "unsigned: the header X-Hub-Signature-256 is missing; set the webhook's secret on GitHub")
    body = read_body(event, _LIMIT)
    if isinstance(body, Refusal):
        return answer(body.status, body.message)
    if not verify(secret.values(), body, signature):
        return answer(401, "wrong signature: the webhook's secret on GitHub differs from the one in Secrets Manager")
    from functions.procedures.delivered_events import Starts, handle_once

    try:
        payload = json.loads(body)
        if not isinstance(payload, dict):
            return answer(400, "the payload is not a JSON object; set the webhook's content type to application/json")
        starts = Starts(triggers.rules, deployments, rollbacks, deliveries, invocations, jobs, clock)
        return handle_once(headers, body, payload, starts)
    except (ValueError, RecursionError) as error:
        return answer(400, f"the body is not JSON: {error}; set the webhook's content type to application/json")
    except BadInputError as error:
        return answer(400, str(error))
