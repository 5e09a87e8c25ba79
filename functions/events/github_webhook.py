"""GitHub's webhook: prove the signature on the raw body, then read it, then start what it asks for (P1, P2).

403 from where the stack takes none · 401 unsigned or wrongly signed · 413 too large · 400 not GitHub's form
202 started, known already or ignored
"""

import json
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.deliveries import Deliveries
from functions.adapters.github.signature import verify
from functions.adapters.secrets import WebhookSecret
from functions.domain.errors import BadInputError
from functions.domain.pushes import Ignored, read_push
from functions.domain.sources import comes_from
from functions.handler import Allow, Handler

if TYPE_CHECKING:
    from functions.runtime import Clients

# GitHub itself sends at most 25 MB; a push that starts a deployment is far smaller, and HTTP API allows 10 MB.
_LIMIT = 1024 * 1024


class Deployments:
    """Starting deployments; the client is made when the first one is wanted, after the signature."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("DEPLOYMENT_WORKFLOW", "REPOSITORIES", "MAIN_BRANCH")
    START: ClassVar[tuple[Allow, ...]] = (Allow(("states:StartExecution",), on="workflow/deployment"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is made here."""
        return cls(aws)

    @property
    def repositories(self) -> frozenset[str]:
        """Whose pushes count."""
        return frozenset(self._aws.setting("REPOSITORIES").split(","))

    @property
    def main_branch(self) -> str:
        """The branch whose pushes are delivered."""
        return self._aws.setting("MAIN_BRANCH")

    def start(self, name: str, payload: dict[str, Any]) -> bool:
        """Whether this call started the deployment; a name that was started before is not started again."""
        from functions.adapters.executions import Executions

        executions = Executions.connect(self._aws)
        return executions.start(self._aws.setting("DEPLOYMENT_WORKFLOW"), name, payload)[1]


class Polls:
    """Having the board polled now rather than at its time; the client is made when a card has moved."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("POLL_FUNCTION",)
    HURRY: ClassVar[tuple[Allow, ...]] = (Allow(("lambda:InvokeFunction",), on="function/poll_board"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is made here."""
        return cls(aws)

    def hurry(self) -> None:
        """Ask for a poll, and wait for nothing: it is the same poll that the schedule asks for."""
        self._aws.client("lambda").invoke(
            FunctionName=self._aws.setting("POLL_FUNCTION"), InvocationType="Event", Payload=b"{}"
        )


class Sources:
    """The networks that webhooks may come from; none stands for everywhere (setting `anywhere`)."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WEBHOOK_SOURCES",)

    def __init__(self, networks: tuple[str, ...]) -> None:
        self._networks = networks

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """As the stack is set."""
        given = aws.setting("WEBHOOK_SOURCES")
        return cls(() if given == "anywhere" else tuple(given.split(",")))

    def allow(self, address: str) -> bool:
        """Whether a request from this address is read at all."""
        return not self._networks or comes_from(address, self._networks)


HANDLER = Handler(allow=(*WebhookSecret.READ, *Deployments.START, *Deliveries.USE, *Polls.HURRY), timeout_seconds=20)


def github_webhook(
    event: dict[str, Any],
    sources: Sources,
    secret: WebhookSecret,
    deployments: Deployments,
    deliveries: Deliveries,
    polls: Polls,
) -> dict[str, Any]:
    """Nothing is parsed, and nothing is called but for the secret itself, before the signature is proven."""
    address = event.get("requestContext", {}).get("http", {}).get("sourceIp", "")
    if not sources.allow(address):
        return answer(403, f"webhooks are not taken from {address or 'an unknown address'}; see github.webhookSources")
    headers = {key.lower(): value for key, value in event.get("headers", {}).items()}
    signature = headers.get("x-hub-signature-256", "")
    if not signature.startswith("sha256="):
        return answer(401, "unsigned: the header X-Hub-Signature-256 is missing; set the webhook's secret on GitHub")
    try:
        body = raw_body(event)
    except (Base64Error, ValueError):
        return answer(400, "the body is not what its encoding says")
    if len(body) > _LIMIT:
        return answer(413, f"{len(body)} bytes, {_LIMIT} allowed")
    if not verify(secret.values(), body, signature):
        return answer(401, "wrong signature: the webhook's secret on GitHub differs from the one in Secrets Manager")
    try:
        payload = json.loads(body)
        if not isinstance(payload, dict):
            return answer(400, "the payload is not a JSON object; set the webhook's content type to application/json")
        return _once(headers, body, payload, deployments, deliveries, polls)
    except (ValueError, RecursionError) as error:
        return answer(400, f"the body is not JSON: {error}; set the webhook's content type to application/json")
    except BadInputError as error:
        return answer(400, str(error))


def _once(
    headers: dict[str, str],
    body: bytes,
    payload: dict[str, Any],
    deployments: Deployments,
    deliveries: Deliveries,
    polls: Polls,
) -> dict[str, Any]:
    """A delivery that started something is remembered; a copy of it, however old, starts nothing again."""
    before = deliveries.handled(body)
    if before:
        return answer(202, f"already handled: {before}")
    name, started = _act(headers.get("x-github-event", ""), payload, deployments, polls)
    if name:
        deliveries.remember(body, headers.get("x-github-delivery", ""), name)
    return started


def _act(name: str, payload: dict[str, Any], deployments: Deployments, polls: Polls) -> tuple[str, dict[str, Any]]:
    """What was started, empty when nothing was; and the answer."""
    if name == "ping":
        return "", answer(202, "pong")
    if name == "projects_v2_item":
        if not isinstance(payload.get("projects_v2_item"), dict):
            raise BadInputError("projects_v2_item: projects_v2_item is missing or not an object")
        polls.hurry()
        return "", answer(202, "the board is polled")
    if name != "push":
        return "", answer(202, f"event {name or '(none)'} is not used here")
    read = read_push(payload, deployments.repositories, deployments.main_branch)
    if isinstance(read, Ignored):
        return "", answer(202, f"ignored: {read.reason}")
    release = read.release
    wanted = {"repository": release.repository, "ref": release.ref, "commit": release.commit, "trigger": "push"}
    started = deployments.start(read.name, wanted)
    return read.name, answer(202, f"{'started' if started else 'already started'}: {read.name}")


def raw_body(event: dict[str, Any]) -> bytes:
    """The body as it was sent and signed; one that is not what its encoding says is a ValueError."""
    body = event.get("body") or ""
    return b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()


def answer(status: int, message: str) -> dict[str, Any]:
    """A status and its reason, as the HTTP API hands them on."""
    body = json.dumps({"message": message})
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": body}
