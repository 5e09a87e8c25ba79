"""The approval page on 127.0.0.1, served as by HTTP API, and an approval request."""

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from functions.adapters.artifacts import Artifacts
from functions.adapters.clock import iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval, RollbackTarget, Shown, hash_secret
from functions.domain.gates import Verdict
from functions.domain.waits import ApprovalKey, Wait
from functions.domain.watches import AlarmReading
from tests.functions.delivered import artifact
from tests.functions.samples import COMMIT, DEPLOYMENT, EXECUTION, RELEASE
from tests.functions.stack import Stack
from tests.http_server import HttpServer, QuietHandler

SECRET = "k3S8-a-secret-of-a-mail-that-nobody-guesses_x1"
ARTIFACT = f"deployments/{DEPLOYMENT}/build.zip"
GATES = (
    Verdict("build", "passed", "the build succeeded"),
    Verdict("tests", "passed", "148 tests passed, 0 skipped"),
    Verdict("coverage", "passed", "lines 91.4 %, branches 88.0 %; 80 % demanded"),
    Verdict("security", "passed", "nothing critical or high in 2 reports, 3 lesser findings"),
)
COMMITS = (
    "1a2b3c4d5e6f feat: greet people by their name (Ada Lovelace)",
    "7f8e9d0c1b2a fix: answer 404 where nothing is found (Grace Hopper)",
)
BACK = (
    RollbackTarget("infrastructure", "0a0a0a0a0a0a", ready=True, reason="last known good, still there"),
    RollbackTarget("hello", "0a0a0a0a0a0a", ready=False, reason="version 7 of hello-production was deleted"),
)
ALARMS = (
    AlarmReading("hello-production-errors", "critical", "OK", "0 of 3 errors"),
    AlarmReading("hello-production-latency", "warning", "INSUFFICIENT_DATA"),
)
SUMMARY = {
    "repository": RELEASE.repository,
    "commit": COMMIT,
    "title": "feat: greet people by their name <script>alert(1)</script>",
    "author": "Ada Lovelace",
    "changes": "infrastructure, hello",
    "reason": "",
}


def ask(stack: Stack, **changes: Any) -> Approval:
    """Store an open approval request, with the wait of a state."""
    now = datetime.now(UTC)
    artifact(stack, ARTIFACT, {"app.zip": "code"})
    digest = Artifacts.connect(stack.clients).digest(ARTIFACT)
    DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, gates=GATES)
    values: dict[str, Any] = {
        "approval_id": "a1",
        "purpose": "deploy",
        "deployment_id": DEPLOYMENT,
        "environment": "production",
        "summary": SUMMARY,
        "secret_hashes": [hash_secret(SECRET)],
        "requested_at": iso(now - timedelta(minutes=1)),
        "decides_from": iso(now - timedelta(minutes=1)),
        "expires_at": iso(now + timedelta(hours=24)),
        "shown": Shown(ARTIFACT, digest, GATES, COMMITS, "and 3 older ones", BACK),
        "alarms": ALARMS,
        "alarms_at": iso(now),
    }
    approval = Approval(**{**values, **changes})
    waits = WaitsTable.connect(stack.clients)
    waits.save_approval(approval, now)
    waits.store(Wait(ApprovalKey(approval.approval_id), "token", EXECUTION, "production"), now)
    return approval


def approvers(stack: Stack, logins: dict[str, str], **more: Any) -> None:
    """The settings of today: who may approve for production."""
    stack.settings["APPROVERS"] = json.dumps({"production": {"logins": logins, **more}})


def kept(stack: Stack) -> Approval:
    """The stored request."""
    found = WaitsTable.connect(stack.clients).approval("a1")
    assert found
    return found


class Page(HttpServer):
    """Serves the approval page's handler over HTTP."""

    def __init__(self, stack: Stack) -> None:
        self._lock = threading.Lock()
        outer = self

        class Handler(QuietHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                with outer._lock:
                    answer = stack.run("events.approval_page", as_event(self, body))
                self.send_response(answer["statusCode"])
                for name, value in answer["headers"].items():
                    self.send_header(name, value)
                payload = answer["body"].encode()
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - names of the base class

        super().__init__(Handler)
        self.base += "/approvals/a1"
        self.link = f"{self.base}?secret={SECRET}&intent=approve"


def as_event(request: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
    """An HTTP request in the form of HTTP API, payload format 2.0."""
    parts = urlsplit(request.path)
    http = {"method": request.command, "sourceIp": "10.0.0.1", "userAgent": request.headers.get("user-agent", "")}
    event: dict[str, Any] = {
        "requestContext": {"http": http},
        "pathParameters": {"id": parts.path.rpartition("/")[2]},
        "isBase64Encoded": True,
        "body": base64.b64encode(body).decode(),
    }
    query = dict(parse_qsl(parts.query))
    return {**event, "queryStringParameters": query} if query else event
