"""GitHub's webhook: it verifies the signature before anything else."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import functions
from functions.adapters.allowed_networks import AllowedNetworks
from functions.adapters.clock import Clock
from functions.adapters.deliveries import Deliveries
from functions.adapters.invocations import Invocations
from functions.adapters.secrets import WebhookSecret
from functions.adapters.triggers import Triggers
from functions.adapters.waiting_jobs import WaitingJobs
from functions.adapters.workflows import Deployments
from functions.domain.releases import repository_mark
from functions.domain.requests import Request
from functions.events.github_webhook import github_webhook
from functions.handler import encode
from functions.procedures.rollback_requests import RollbackRequests
from tests.functions.adapters.test_dispatches import MALFORMED
from tests.functions.domain.test_pushes import COMMIT, PUSH, RULES
from tests.functions.stack import MACHINES, Stack

MARK = repository_mark("acme/hello-service")

SECRET = b"webhook-secret"
BODY = json.dumps(PUSH).encode()


class OnlyTheSecret:
    """Clients that can read the secret; any other call fails the test."""

    def client(self, service: str, **_: Any) -> Any:
        """Secrets Manager with one value."""
        assert service == "secretsmanager", f"{service} was called before the signature was proven"
        return self

    def setting(self, name: str) -> str:
        """The name of the secret is the only setting."""
        assert name == "WEBHOOK_SECRET"
        return name

    @staticmethod
    def get_secret_value(**_: Any) -> dict[str, Any]:
        """The same value for every stage."""
        return {"SecretString": SECRET.decode(), "CreatedDate": datetime.now(UTC)}

    class exceptions:  # noqa: N801 - as boto3 calls it
        """No exception occurs here."""

        ResourceNotFoundException = KeyError


def sign(body: bytes, secret: bytes = SECRET) -> str:
    """The signature header as GitHub sends it."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def delivery(body: bytes = BODY, event: str = "push", **changes: Any) -> dict[str, Any]:
    """A delivery in the format of the HTTP API."""
    headers = {"x-hub-signature-256": sign(body), "x-github-event": event}
    return {"headers": headers, "body": b64encode(body).decode(), "isBase64Encoded": True, **changes}


def refused(event: dict[str, Any]) -> tuple[int, str]:
    """Status and reason of a delivery, for which only the secret may be read."""
    aws: Any = OnlyTheSecret()
    answer = github_webhook(
        event,
        AllowedNetworks(()),
        WebhookSecret.connect(aws),
        Deployments.connect(aws),
        Triggers(json.dumps(encode(RULES))),
        RollbackRequests.connect(aws),
        Deliveries.connect(aws),
        Invocations.connect(aws),
        WaitingJobs.connect(aws),
        Clock(),
    )
    return answer["statusCode"], json.loads(answer["body"])["message"]


@pytest.fixture
def hooked(stack: Stack) -> Stack:
    """A stack whose webhook secret is set."""
    stack.client("secretsmanager").create_secret(Name="kiro-webhook", SecretString=SECRET.decode())
    return stack


def deliver(stack: Stack, event: dict[str, Any]) -> tuple[int, str]:
    """Run the handler."""
    answer = stack.run("events.github_webhook", event)
    return answer["statusCode"], json.loads(answer["body"])["message"]


def started(stack: Stack) -> list[str]:
    """The deployments that were started."""
    return stack.executions("deployment")


@pytest.mark.parametrize(
    ("event", "status", "reason"),
    [
        (delivery(headers={}), 401, "unsigned"),
        ({"body": "x"}, 401, "unsigned"),
        (delivery(headers={"x-hub-signature": "sha1=abc"}), 401, "unsigned"),
        (delivery(headers={"x-hub-signature-256": "sha1=" + sign(BODY)[7:]}), 401, "unsigned"),
        (delivery(headers={"x-hub-signature-256": sign(BODY, b"other")}), 401, "wrong signature"),
        (delivery(headers={"x-hub-signature-256": sign(BODY, b"")}), 401, "wrong signature"),
        (delivery(headers={"x-hub-signature-256": sign(BODY).upper().replace("SHA", "sha")}), 401, "wrong signature"),
        (delivery(headers={"x-hub-signature-256": "sha256="}), 401, "wrong signature"),
        (delivery(headers={"x-hub-signature-256": "sha256=é"}), 401, "wrong signature"),
        (delivery(body=BODY + b" ", headers={"x-hub-signature-256": sign(BODY)}), 401, "wrong signature"),
        (delivery(body=b"x" * (1024 * 1024 + 1)), 413, "1048577 bytes, 1048576 allowed"),
        ({**delivery(), "body": "not base64!"}, 400, "the body is not valid base64"),
        ({**delivery(), "body": "\ud800", "isBase64Encoded": False}, 400, "the body is not valid base64"),
    ],
)
def test_before_the_signature_nothing_is_called(event: dict[str, Any], status: int, reason: str) -> None:
    """Only the secret is read; status and reason say what is wrong."""
    found = refused(event)
    assert found[0] == status
    assert reason in found[1]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"payload=%7B%7D", "content type to application/json"),
        (b"[1]", "not a JSON object"),
        (b"7", "not a JSON object"),
        (b"null", "not a JSON object"),
    ],
)
def test_a_signed_body_of_another_format_is_refused(body: bytes, reason: str) -> None:
    """400 with the setting to change on GitHub; nothing is started."""
    status, found = refused(delivery(body))
    assert status == 400
    assert reason in found


def test_events_that_are_not_used_are_accepted(hooked: Stack) -> None:
    """202 with a reason; a ping is answered."""
    assert deliver(hooked, delivery(b"{}", "ping")) == (202, "pong")
    assert deliver(hooked, delivery(b"{}", "issues")) == (202, "event issues is not used here")
    assert "(none)" in deliver(hooked, delivery(b"{}", ""))[1]
    assert started(hooked) == []


def test_a_push_starts_its_deployment(hooked: Stack) -> None:
    """The execution is named after the commit; its input names repository, ref and commit."""
    assert deliver(hooked, delivery()) == (202, f"started: main-{MARK}-{COMMIT[:12]}")
    arn = f"{MACHINES['deployment'].replace('stateMachine', 'execution')}:main-{MARK}-{COMMIT[:12]}"
    described = hooked.client("stepfunctions").describe_execution(executionArn=arn)
    request = Request("acme/hello-service", "refs/heads/main", COMMIT, trigger="push", by="ada")
    assert json.loads(described["input"]) == encode(request)


def test_ten_deliveries_are_one_execution(hooked: Stack) -> None:
    """P2: while it runs and after its end."""
    for _ in range(10):
        assert deliver(hooked, delivery())[0] == 202
    assert started(hooked) == [f"main-{MARK}-{COMMIT[:12]}"]
    client = hooked.client("stepfunctions")
    with pytest.MonkeyPatch.context() as patch:
        real = client._make_api_call

        def taken(name: str, given: Any) -> Any:
            return real(name, {**given, "input": "{}"} if name == "StartExecution" else given)

        patch.setattr(client, "_make_api_call", taken)
        again = delivery(BODY + b" ")  # the same push in other bytes: no copy of a delivery that was handled
        assert deliver(hooked, again) == (202, f"already started: main-{MARK}-{COMMIT[:12]}")
    assert len(started(hooked)) == 1


def test_a_body_that_is_not_encoded_is_read_as_it_is(hooked: Stack) -> None:
    """The signature covers the raw body in both cases; header names have any case."""
    headers = {"X-Hub-Signature-256": sign(BODY), "X-GitHub-Event": "push"}
    assert deliver(hooked, {"headers": headers, "body": BODY.decode()})[1].startswith("started")


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"repository": {"full_name": "evil/fork"}}, 202, "ignored: repository evil/fork"),
        ({"ref": "refs/heads/topic"}, 202, "ignored: branch topic"),
        ({"after": "x"}, 400, "push: after"),
        ({"head_commit": None}, 400, "head_commit"),
    ],
)
def test_a_push_that_starts_nothing_says_why(hooked: Stack, changes: dict[str, Any], status: int, reason: str) -> None:
    """An ignored push is 202, a malformed one 400, both with the reason."""
    found = deliver(hooked, delivery(json.dumps({**PUSH, **changes}).encode()))
    assert found[0] == status
    assert reason in found[1]
    assert started(hooked) == []


def test_during_a_rotation_both_secrets_count(hooked: Stack) -> None:
    """T2: the previous value for seven days; without a value nothing is valid."""
    hooked.client("secretsmanager").put_secret_value(SecretId="kiro-webhook", SecretString="next")
    new = delivery(headers={"x-hub-signature-256": sign(BODY, b"next"), "x-github-event": "push"})
    for event in (delivery(), new):
        assert deliver(hooked, event)[0] == 202
    after = datetime.now(UTC) + timedelta(days=7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Clock, "now", lambda _: after)
        assert [deliver(hooked, event)[0] for event in (delivery(), new)] == [401, 202]
    hooked.client("secretsmanager").delete_secret(SecretId="kiro-webhook", ForceDeleteWithoutRecovery=True)
    assert deliver(hooked, delivery())[0] == 401


def test_an_unsigned_request_imports_what_its_refusal_needs() -> None:
    """Neither boto3 nor what reads events, settings and rows: `dataclasses` and `msgspec` take longer than all else."""
    code = """
import sys
from functions.runtime import handler
answer = handler({"headers": {}, "body": "x"}, None)
assert answer["statusCode"] == 401, answer
print(*sorted(sys.modules))
"""
    environment = {
        "PATH": os.environ["PATH"],
        "HANDLER": "functions.events.github_webhook",
        "ALLOWED_NETWORKS": "anywhere",
        "TRIGGERS": json.dumps(encode(RULES)),
    }
    root = Path(functions.__file__).parents[1]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, env=environment, check=True, timeout=60, capture_output=True, text=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"boto3", "aws_lambda_powertools", "pydantic", "msgspec", "dataclasses", "inspect", "hmac"}
    of_the_domain = {name for name in loaded if name.startswith("functions.domain.")}
    assert of_the_domain == {"functions.domain.errors", "functions.domain.redaction"}


def dispatched(
    action: str = "staging-deploy", repository: str = "acme/hello-service", **payload: Any
) -> dict[str, Any]:
    """A signed `repository_dispatch` as GitHub sends it."""
    body = {
        "action": action,
        "branch": "main",
        "client_payload": payload,
        "repository": {"full_name": repository},
        "sender": {"login": "ada"},
    }
    return delivery(json.dumps(body).encode(), "repository_dispatch")


def test_a_dispatch_starts_a_deployment_once(hooked: Stack) -> None:
    """P1, P2: under a name of its own; a copy of the delivery starts nothing, another payload another deployment."""
    status, said = deliver(hooked, dispatched())
    assert (status, said.startswith(f"started: staging-deploy-{MARK}-")) == (202, True)
    assert deliver(hooked, dispatched())[1] == said.replace("started", "already handled")
    assert deliver(hooked, dispatched(reason="again"))[1].startswith("started: staging-deploy-")
    assert len(started(hooked)) == 2
    client = hooked.client("stepfunctions")
    arn = f"{MACHINES['deployment'].replace('stateMachine', 'execution')}:{said.partition(': ')[2]}"
    request = Request("acme/hello-service", "refs/heads/main", until="test", trigger="dispatch", by="ada")
    assert json.loads(client.describe_execution(executionArn=arn)["input"]) == encode(request)


@pytest.mark.parametrize(
    ("event", "status", "said"),
    [
        (dispatched("storybook"), 202, "ignored: only repository_dispatch of the types deploy-infrastructure, staging"),
        (dispatched(repository="acme/other"), 202, "ignored: repository acme/other is not delivered by this stack"),
        (delivery(b'{"action": "rollback"}', "repository_dispatch"), 400, "repository.full_name is missing"),
        *((dispatched(name, **payload), 400, f"repository_dispatch {name}: ") for name, payload, _ in MALFORMED),
    ],
)
def test_a_dispatch_that_asks_for_nothing_right_starts_nothing(
    hooked: Stack, event: dict[str, Any], status: int, said: str
) -> None:
    """Malformed ones are 400, those of others 202; neither writes or starts anything."""
    hooked.settings["TRIGGERS"] = json.dumps(encode(RULES))
    found = deliver(hooked, event)
    assert found[0] == status
    assert said in found[1]
    written = ("states:StartExecution", "dynamodb:UpdateItem")
    assert not [call.action for call in hooked.calls if call.action in written]
