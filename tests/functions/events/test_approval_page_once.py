"""The approval page: opening it decides nothing, a posted form decides once."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import Approval, State, hash_secret
from functions.domain.waits import Wait, read_wait_key
from tests.functions.samples import DEPLOYMENT, EXECUTION, NOW, RELEASE
from tests.functions.stack import Stack, failing

LATER = "2099-01-01T00:00:00.000Z"
SUMMARY = {
    "repository": "acme/hello-service",
    "commit": "1a2b",
    "title": "<script>alert(1)</script>",
    "rollback": "none",
}
OPEN = Approval("a1", "deploy", DEPLOYMENT, "eu-production", SUMMARY, [hash_secret("s3cret")], NOW, NOW, LATER)
HEADERS = ("content-security-policy", "cache-control", "referrer-policy", "x-frame-options")


def keep(stack: Stack, **changes: Any) -> WaitsTable:
    """Store a request with its wait, and the record of its deployment."""
    DeploymentsTable.connect(stack.clients).begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    waits = WaitsTable.connect(stack.clients)
    waits.save_approval(replace(OPEN, **changes), datetime.now(UTC))
    waits.store(Wait(read_wait_key("approval/a1"), "token", EXECUTION, "eu-production"), datetime.now(UTC))
    return waits


def request(stack: Stack, method: str, **changes: Any) -> Any:
    """Run the handler for a request in the format of the HTTP API."""
    event: dict[str, Any] = {
        "requestContext": {"http": {"method": method, "sourceIp": "10.0.0.7", "userAgent": "Firefox"}},
        "pathParameters": {"id": "a1"},
        "queryStringParameters": {"secret": "s3cret"},
    }
    return stack.run("events.approval_page", {**event, **changes})


def post(stack: Stack, **form: str) -> Any:
    """Post the page's form."""
    wanted = {"secret": "s3cret", "decision": "approve", "name": "Ada", **form}
    body = urlencode({key: value for key, value in wanted.items() if value})
    return request(stack, "POST", body=b64encode(body.encode()).decode(), isBase64Encoded=True)


def state(waits: WaitsTable) -> str:
    """The state of the request."""
    found = waits.approval("a1")
    assert found
    return found.state


def test_opening_the_link_decides_nothing(stack: Stack) -> None:
    """A2: mail scanners follow links, also with a decision in the query; the page runs no script."""
    waits = keep(stack)
    for query in ({"secret": "s3cret"}, {"secret": "s3cret", "intent": "approve"}):
        assert request(stack, "HEAD", queryStringParameters=query)["statusCode"] == 405
        page = request(stack, "GET", queryStringParameters=query)
        assert page["statusCode"] == 200
    assert state(waits) == "open"
    assert stack.completed() == {}
    assert '<form method="post"' in page["body"]
    assert "&lt;script&gt;" in page["body"]
    assert "<script" not in page["body"]
    assert all(page["headers"].get(name) for name in HEADERS)


@pytest.mark.parametrize(("decision", "outcome"), [("approve", "approved"), ("reject", "rejected")])
def test_a_posted_decision_counts_and_is_recorded(stack: Stack, decision: str, outcome: State) -> None:
    """A3: with name, time, decision, reason and address; the wait of the stage ends at once."""
    waits = keep(stack)
    page = post(stack, decision=decision, reason="looks fine")
    assert page["statusCode"] == 200
    assert outcome.title() in page["body"]
    assert stack.completed()["token"]["outcome"] == outcome
    assert state(waits) == outcome
    recorded = stack.deployment()["approval_eu-production_deploy"]
    assert (recorded["by"], recorded["state"], recorded["reason"]) == ("Ada", outcome, "looks fine")
    assert (recorded["address"], recorded["userAgent"]) == ("10.0.0.7", "Firefox")


def test_a_link_works_once(stack: Stack) -> None:
    """A2: a second decision changes nothing and sees who decided."""
    waits = keep(stack)
    post(stack)
    page = post(stack, decision="reject", reason="no", name="Bob")
    assert page["statusCode"] == 409
    assert "Ada" in page["body"]
    assert state(waits) == "approved"
    assert len(stack.completed()) == 1
    assert request(stack, "GET")["statusCode"] == 200


def test_two_people_at_once_get_one_decision(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second person sees the decision of the first."""
    waits = keep(stack)
    decide = WaitsTable.decide

    def other_first(self: WaitsTable, approval: Approval, *more: Any) -> bool:
        assert decide(waits, replace(OPEN, state="rejected", by="Bob", reason="no"))
        return decide(self, approval, *more)

    monkeypatch.setattr(WaitsTable, "decide", other_first)
    page = post(stack)
    assert page["statusCode"] == 409
    assert "Rejected" in page["body"]
    assert "Bob" in page["body"]
    assert stack.completed() == {}


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({"expires_at": NOW}, 410, "Expired"),
        ({"state": "expired"}, 410, "Expired"),
        ({"state": "superseded"}, 410, "Superseded"),
        ({"state": "void"}, 410, "Void"),
    ],
)
def test_a_request_that_has_ended_says_how(stack: Stack, changes: dict[str, Any], status: int, word: str) -> None:
    """Each end has its page and status code, for GET and POST."""
    keep(stack, **changes)
    for page in (request(stack, "GET"), post(stack)):
        assert page["statusCode"] == status
        assert word in page["body"]
    assert stack.completed() == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"pathParameters": {"id": "other"}},
        {"pathParameters": {}},
        {"queryStringParameters": {"secret": "forged"}},
        {"queryStringParameters": {"secret": hash_secret("s3cret")}},
        {"queryStringParameters": {}},
    ],
)
def test_a_forged_link_looks_like_an_unknown_one(stack: Stack, changes: dict[str, Any]) -> None:
    """The response does not show which requests exist."""
    keep(stack)
    page = request(stack, "GET", **changes)
    assert page["statusCode"] == 404
    assert page == request(stack, "GET", pathParameters={"id": "nothing-like-it"})


@pytest.mark.parametrize(
    ("form", "status", "word"),
    [
        ({"name": ""}, 422, "Enter your name"),
        ({"decision": "reject"}, 422, "Enter a reason"),
        ({"secret": "forged"}, 404, "No such request"),
        ({"decision": ""}, 400, "neither approve nor reject"),
        ({"decision": "maybe", "reason": "x"}, 400, "neither approve nor reject"),
    ],
)
def test_an_incomplete_form_decides_nothing(stack: Stack, form: dict[str, str], status: int, word: str) -> None:
    """The page says what is missing and keeps what was entered."""
    waits = keep(stack)
    page = post(stack, **form)
    assert page["statusCode"] == status
    assert word in page["body"]
    assert state(waits) == "open"


def test_entered_text_is_escaped(stack: Stack) -> None:
    """A form that is shown again can't inject a script."""
    keep(stack)
    page = post(stack, decision="reject", name='"><script>')
    assert 'value="&quot;&gt;&lt;script&gt;"' in page["body"]


def test_an_early_approval_is_refused(stack: Stack) -> None:
    """A1: until the wait timer ends; a rejection is possible at once."""
    keep(stack, decides_from=LATER)
    assert post(stack)["statusCode"] == 425
    assert post(stack, decision="reject", reason="no")["statusCode"] == 200


@pytest.mark.parametrize(
    "body",
    [
        {"body": "not base64!", "isBase64Encoded": True},
        {"body": b64encode(b"\xff\xfe").decode(), "isBase64Encoded": True},
        {"body": "secret=s3cret&decision"},
        {"body": "a=" + "x" * 20_000},
    ],
)
def test_a_form_that_cannot_be_read_is_refused(stack: Stack, body: dict[str, Any]) -> None:
    """400, and nothing is decided."""
    waits = keep(stack)
    assert request(stack, "POST", **body)["statusCode"] == 400
    assert state(waits) == "open"


def test_a_decision_without_a_wait_is_kept(stack: Stack) -> None:
    """The stage's next query reads it."""
    waits = WaitsTable.connect(stack.clients)
    waits.save_approval(OPEN, datetime.now(UTC))
    assert request(stack, "POST", body="")["statusCode"] == 400
    assert post(stack)["statusCode"] == 200
    assert state(waits) == "approved"


def test_a_review_has_its_own_words(stack: Stack) -> None:
    """R2: continue or roll back."""
    keep(stack, purpose="review")
    page = request(stack, "GET")
    assert "Continue in eu-production despite a warning?" in page["body"]
    assert ">Roll back<" in page["body"]
    assert ">Continue<" in page["body"]


@pytest.mark.parametrize(("decision", "state"), [("approve", "approved"), ("reject", "rejected")])
def test_a_decision_is_announced(stack: Stack, decision: str, state: str) -> None:
    """G7: with who and what, once; it is signed by the function that the event invokes."""
    keep(stack)
    for _ in range(2):
        post(stack, decision=decision, reason="ship it")
    ((name, told),) = stack.told()
    assert name == "ApprovalDecided"
    assert (told["deploymentId"], told["environment"], told["purpose"]) == (DEPLOYMENT, "eu-production", "deploy")
    assert (told["state"], told["by"], told["reason"]) == (state, "Ada", "ship it")
    assert told["release"]["commit"] == RELEASE.commit


def test_a_bus_that_refuses_stops_no_decision(stack: Stack) -> None:
    """N2: the wait has ended before; `kiro-worker evidence` names a decision without a statement."""
    waits = keep(stack)
    with failing(stack.client("events"), "PutEvents", RuntimeError("no bus")):
        assert post(stack)["statusCode"] == 200
    assert state(waits) == "approved"
