"""`POST /slack`: somebody pressed a button of a Slack message: approve, reject or roll back (A5).

Slack signs the request with the app's signing secret; the user's id in it stands for an approver of the settings. The
decision is that of the approval page, by the same rules. A repetition changes nothing: the request is decided, and the
rollback has its name from the message.

401 no or wrong signature, or too old · 400 no interaction · 413 too large · 200 anything else, also a refusal, which is
answered to the person in Slack
"""

from hashlib import sha256
from typing import Any

from functions.adapters.approver_settings import ApproverSettings
from functions.adapters.secrets import SlackSigningSecret
from functions.adapters.signed_requests import Refusal, answer, read_body, read_headers, verify
from functions.adapters.slack import SlackAnswers
from functions.domain.approvals import decided
from functions.domain.decisions import Decision, standing
from functions.domain.errors import BadInputError
from functions.domain.outside_alarms import is_timely
from functions.domain.requests import RollbackRequest, rollback_name
from functions.domain.slack_actions import Press, ended, read_press, signed, told
from functions.handler import Handler
from functions.procedures.decisions import DECIDE, Decisions
from functions.procedures.rollback_requests import RollbackRequests

HANDLER = Handler(
    allow=(*SlackSigningSecret.READ, *DECIDE, *RollbackRequests.START), timeout_seconds=28, memory_mb=1024
)
_LIMIT = 256 * 1024


def slack_interaction(
    event: dict[str, Any],
    secret: SlackSigningSecret,
    decisions: Decisions,
    rollbacks: RollbackRequests,
    answers: SlackAnswers,
) -> dict[str, Any]:
    """Verify the signature over the raw body, then take the decision or start the rollback, and answer in Slack."""
    headers = read_headers(event)
    timestamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    body = read_body(event, _LIMIT)
    if isinstance(body, Refusal):
        return answer(body.status, body.message)
    if not signature.startswith("v0=") or not is_timely(timestamp, decisions.clock.now().timestamp()):
        return answer(401, "unsigned or too old: X-Slack-Signature and X-Slack-Request-Timestamp are required")
    if not verify(secret.values(), signed(timestamp, body), f"sha256={signature.removeprefix('v0=')}"):
        return answer(401, "wrong signature: the app's signing secret differs from the secret `slack-signing`")
    try:
        press = read_press(body)
    except BadInputError as error:
        return answer(400, str(error))
    if press:
        roll_back = press.action == "roll_back"
        said = _roll_back(press, decisions.settings, rollbacks) if roll_back else _decide(press, decisions)
        answers.send(press.response_url, said)
    # https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response: 200 without a body
    return {"statusCode": 200, "body": ""}


def _decide(press: Press, decisions: Decisions) -> dict[str, Any]:
    """Take the decision; returns the answer in Slack."""
    approval = decisions.waits.approval(press.value)
    if approval is None:
        return told("There is no such request any more.")
    by = _approver(press, approval.environment, decisions.settings)
    if not by:
        return told(_unknown(press, approval.environment))
    approve = press.action == "approve"
    reason = "with the button in Slack" if approve else "rejected with the button in Slack"
    decision = Decision(approve, by, reason, "", "Slack", f"slack:{press.user}")
    after, refused = decisions.take(approval, decision, by)
    if refused:
        return told(refused.message)
    if after.state == "open":
        return told(standing(after))
    return ended(press, f"{approval.environment}: {decided(after).reason}")


def _roll_back(press: Press, settings: ApproverSettings, rollbacks: RollbackRequests) -> dict[str, Any]:
    """Start the rollback of the deployment; its name is that of the message, so a repetition starts no other."""
    environment, _, deployment_id = press.value.partition("/")
    by = _approver(press, environment, settings)
    if not by:
        return told(_unknown(press, environment))
    reason = "with the button in Slack"
    wanted = RollbackRequest(environment, reason=reason, by=by, deployment=deployment_id)
    name = rollback_name(wanted, sha256(f"{press.value}/{press.message}".encode()).hexdigest()[:12])
    try:
        rollbacks.start(wanted, name)
    except BadInputError as error:
        return told(str(error))
    return ended(press, f"{environment}: the rollback {name} was started by {by}")


def _approver(press: Press, environment: str, settings: ApproverSettings) -> str:
    approvers = settings.of(environment)
    return approvers.slack_address(press.user) if approvers else ""


def _unknown(press: Press, environment: str) -> str:
    return (
        f"{press.user} is the Slack user of no approver of {environment}: name it in approverSlackUsers of the "
        "settings, or decide with the link of a mail."
    )
