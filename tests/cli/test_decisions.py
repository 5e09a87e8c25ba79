"""`kiro-worker approvals`, `approve` and `reject`: a signed request to the platform's API."""

import json
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from msgspec.structs import replace

from cli.decisions import moment
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval
from tests.cli.conftest import Kiro
from tests.functions.samples import DEPLOYMENT, NOW
from tests.http_server import HttpServer, QuietHandler

OPEN = Approval("a1", "deploy", DEPLOYMENT, "production", {"title": "t"}, ["h"], NOW, NOW, "2036-01-01T00:00:00Z")


class Api(HttpServer):
    """The API, which keeps the requests and answers with what a test sets."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.status, self.answer = 200, {"state": "approved", "message": "approved by ada@x.io: checked"}
        outer = self

        class Handler(QuietHandler):
            def do_POST(self: BaseHTTPRequestHandler) -> None:  # noqa: N802 - names of the base class
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.requests.append((self.path, dict(self.headers), json.loads(body)))
                payload = json.dumps(outer.answer).encode()
                self.send_response(outer.status)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

        super().__init__(Handler)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, kiro: Kiro) -> Any:
    """The API of the stack, whose address a function has among its settings, and an open request."""
    WaitsTable.connect(kiro.clients).save_approval(OPEN, datetime.now(UTC))
    with Api() as served:
        settings = type("Settings", (), {"setting": lambda _self, _name: f"{served.base}/approvals"})
        monkeypatch.setattr("cli.aws.operator.Operator.informed", lambda *_, **__: settings())
        yield served


def test_open_requests_are_listed(kiro: Kiro, api: Api) -> None:
    """A5: with environment, deployment and expiry; an expired one is left out."""
    WaitsTable.connect(kiro.clients).save_approval(replace(OPEN, approval_id="a2", expires_at=NOW), datetime.now(UTC))
    assert [(one["deployment"], one["environment"]) for one in kiro.json("approvals")] == [(DEPLOYMENT, "production")]
    assert "2036-01-01" in kiro.run("approvals").stdout
    assert api.requests == []


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_decision_is_posted_with_the_signature_of_the_caller(kiro: Kiro, api: Api, decision: str) -> None:
    """A5: API Gateway verifies it (Signature Version 4, service execute-api); the function decides, not the command."""
    done = kiro.run(decision, DEPLOYMENT, "--reason", "checked")
    assert (done.exit_code, "production: approved by ada@x.io: checked" in done.stdout) == (0, True), done.output
    ((path, headers, body),) = api.requests
    assert (path, body) == ("/approvals/a1/decision", {"decision": decision, "reason": "checked"})
    signed = {name.lower(): value for name, value in headers.items()}["authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=")
    assert "/execute-api/aws4_request" in signed
    row = WaitsTable.connect(kiro.clients).approval("a1")
    assert row
    assert row.state == "open"


def test_an_approval_may_count_from_a_later_time(kiro: Kiro, api: Api) -> None:
    """A5: the time is sent in UTC; the function decides whether it is allowed."""
    done = kiro.run("approve", DEPLOYMENT, "--reason", "checked", "--from", "2035-02-01T22:00+01:00")
    assert done.exit_code == 0, done.output
    ((_, _, body),) = api.requests
    assert body == {"decision": "approve", "reason": "checked", "from": "2035-02-01T21:00+00:00"}
    assert kiro.run("approve", DEPLOYMENT, "--reason", "checked", "--from", "tonight").exit_code == 2


def test_a_time_of_day_is_the_next_one_here() -> None:
    """The zone is that of the terminal; one that has passed today is tomorrow's."""
    now = datetime(2026, 1, 31, 21, 0, tzinfo=timezone(timedelta(hours=1)))
    assert moment("22:00", now) == "2026-01-31T21:00+00:00"
    assert moment("20:30", now) == "2026-02-01T19:30+00:00"
    assert moment("2026-02-03T08:00", now) == "2026-02-03T07:00+00:00"
    assert moment("", now) == ""


def test_a_refusal_is_an_error(kiro: Kiro, api: Api) -> None:
    """The message is that of the page, and the exit code is 1."""
    api.status, api.answer = 403, {"message": "arn:… is the AWS identity of no approver of production"}
    done = kiro.run("approve", DEPLOYMENT, "--reason", "checked")
    assert (done.exit_code, "of no approver" in done.stderr) == (1, True)


def test_the_request_is_found_by_deployment_and_environment(kiro: Kiro, api: Api) -> None:
    """Of several open ones the environment has to be named; without one, the error says what is open."""
    other = replace(OPEN, approval_id="a2", environment="test")
    WaitsTable.connect(kiro.clients).save_approval(other, datetime.now(UTC))
    many = kiro.run("reject", DEPLOYMENT, "--reason", "no")
    assert (many.exit_code, "production, test: name one" in many.stderr) == (1, True)
    assert kiro.run("reject", DEPLOYMENT, "test", "--reason", "no").exit_code == 0
    none = kiro.run("reject", "main-x", "--reason", "no")
    assert (none.exit_code, "`kiro-worker approvals` lists what does" in none.stderr) == (1, True)
    assert [path for path, _, _ in api.requests] == ["/approvals/a2/decision"]
    assert kiro.run("approve", DEPLOYMENT, "production").exit_code == 2


def test_an_approval_of_a_protected_environment_is_confirmed(kiro: Kiro, api: Api) -> None:
    """T1: without a terminal --yes is demanded; nothing is posted."""
    done = kiro.invoke("approve", DEPLOYMENT, "--reason", "checked")
    assert (done.exit_code, "add --yes" in done.stderr) == (1, True)
    assert api.requests == []
