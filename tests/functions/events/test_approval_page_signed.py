"""Decisions by an operator's AWS identity, which API Gateway has verified (A5)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.environments import Freeze
from functions.domain.waiting import for_approval
from tests.functions.approving import approvers, ask, kept
from tests.functions.samples import NOW
from tests.functions.stack import Stack

ADA = "arn:aws:sts::123456789012:assumed-role/Admin/ada@x.io"
EVE = "arn:aws:sts::123456789012:assumed-role/Developer/eve@x.io"


def decide(stack: Stack, decision: str = "approve", reason: str = "checked", **changes: Any) -> tuple[int, Any]:
    """Send a signed request as the HTTP API passes it on; `identity` is whose signature it has.

    Source of the form: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    and APIGatewayV2HTTPRequestContextAuthorizerIAMDescription of aws-lambda-go.
    """
    given = {"identity": ADA, "id": "a1", "body": json.dumps({"decision": decision, "reason": reason}), **changes}
    context: dict[str, Any] = {"http": {"method": "POST", "sourceIp": "10.0.0.1", "userAgent": "kiro"}}
    if given["identity"]:
        context["authorizer"] = {"iam": {"userArn": given["identity"], "accountId": "123456789012"}}
    answer = stack.run(
        "events.approval_page",
        {
            "routeKey": "POST /approvals/{id}/decision",
            "requestContext": context,
            "pathParameters": {"id": given["id"]},
            "body": given["body"],
            "isBase64Encoded": False,
        },
    )
    assert answer["headers"]["content-type"] == "application/json"
    return answer["statusCode"], json.loads(answer["body"])


def test_an_approver_approves_as_the_person_that_the_identity_stands_for(stack: Stack) -> None:
    """A3: address, identity, reason and time are recorded, and the wait ends."""
    ask(stack)
    approvers(stack, {"ada@x.io": "ada"}, identities={"ada@x.io": ADA})
    status, answer = decide(stack)
    assert (status, answer["state"], answer["message"]) == (200, "approved", "approved by ada@x.io: checked")
    fact = stack.deployment()["approval_production_deploy"]
    assert (fact["by"], fact["identity"], fact["consents"][0]["identity"]) == ("ada@x.io", ADA, ADA)
    assert stack.completed() == {"token": {"outcome": "approved", "reason": "approved by ada@x.io: checked"}}


def test_where_nobody_is_named_the_identity_itself_approves(stack: Stack) -> None:
    """A1: as anybody with a link may; who reaches this route is what IAM allows."""
    ask(stack)
    assert decide(stack)[0] == 200
    assert (kept(stack).by, kept(stack).identity) == (ADA, ADA)


@pytest.mark.parametrize("logins", [{"ada@x.io": ""}, {"@x.io": ""}])
def test_an_identity_that_stands_for_nobody_does_not_approve(stack: Stack, logins: dict[str, str]) -> None:
    """A3: a session may be called like an address of the domain; only the settings say whose it is."""
    ask(stack)
    approvers(stack, logins, identities={"ada@x.io": ADA})
    status, answer = decide(stack, identity=EVE)
    assert (status, "approverIdentities" in answer["message"]) == (403, True)
    assert stack.completed() == {}
    assert decide(stack, "reject", identity=EVE)[0] == 200


def test_the_author_may_not_approve_by_identity_either(stack: Stack) -> None:
    """A3: the login of the address is compared, as for a link."""
    ask(stack, authors=["ada"], author_may_approve=False)
    approvers(stack, {"ada@x.io": "Ada"}, authorMayApprove=False, identities={"ada@x.io": ADA})
    status, answer = decide(stack)
    assert (status, "made, pushed or merged" in answer["message"]) == (403, True)


def test_one_person_with_a_link_and_an_identity_is_one(stack: Stack) -> None:
    """A3: where two must approve, a link and an identity of one person are one approval."""
    ask(stack, needed=2)
    logins = {"ada@x.io": "", "bob@x.io": ""}
    approvers(stack, logins, needed=2, identities={"ada@x.io": ADA, "bob@x.io": EVE})
    status, answer = decide(stack)
    assert (status, answer["state"]) == (200, "open")
    status, answer = decide(stack)
    assert (status, "already approved" in answer["message"]) == (409, True)
    assert decide(stack, identity=EVE)[1]["state"] == "approved"


def test_an_approval_from_a_later_time_is_recorded_and_waits(stack: Stack) -> None:
    """A5: the request stays open, the wait goes on, and the record says until when; a time that is none is 400."""
    ask(stack)
    later = (datetime.now(UTC) + timedelta(hours=2)).isoformat(timespec="minutes")
    body = {"decision": "approve", "reason": "at night", "from": later}
    status, answer = decide(stack, body=json.dumps(body))
    assert (status, answer["state"], "it counts from" in answer["message"]) == (200, "open", True)
    assert (kept(stack).state, len(kept(stack).consents), stack.completed()) == ("open", 1, {})
    assert "from then on the approval" in for_approval(kept(stack)).text
    assert decide(stack, body=json.dumps({**body, "from": "tonight"}))[0] == 400


def test_a_decision_counts_once(stack: Stack) -> None:
    """A2: the second one learns of the first."""
    ask(stack)
    decide(stack, "reject", "not today")
    status, answer = decide(stack)
    assert (status, "already rejected" in answer["message"]) == (409, True)


def test_a_frozen_environment_refuses(stack: Stack) -> None:
    """P12: nothing is used up, and the freeze is named."""
    ask(stack)
    EnvironmentsTable.connect(stack.clients).freeze("production", Freeze("fair", "ada", NOW))
    status, answer = decide(stack)
    assert (status, "frozen since" in answer["message"], kept(stack).state) == (409, True, "open")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"identity": ""}, 403),
        ({"id": "a2"}, 404),
        ({"body": "["}, 400),
        ({"body": "[]"}, 400),
        ({"body": '{"decision": "maybe"}'}, 400),
        ({"body": '{"decision": "reject", "reason": " "}'}, 422),
        ({"body": "x" * 20_000}, 400),
    ],
)
def test_what_is_wrong_decides_nothing(stack: Stack, changes: dict[str, str], status: int) -> None:
    """Q3: each has its status and a message, and changes nothing."""
    before = ask(stack)
    found, answer = decide(stack, **changes)
    assert (found, bool(answer["message"])) == (status, True)
    assert kept(stack) == before


def test_two_at_once_are_decided_once(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A2: of two decisions at the same time the second write is refused, and says so."""
    ask(stack)
    original = WaitsTable.approval
    rejected: list[Any] = []

    def late(self: WaitsTable, approval_id: str) -> Any:
        found = original(self, approval_id)
        if found and not rejected:
            rejected.append(self.decide(replace(found, state="rejected", by="bob", reason="no", decided_at=NOW)))
        return found

    monkeypatch.setattr(WaitsTable, "approval", late)
    status, answer = decide(stack)
    assert (status, kept(stack).state) == (409, "rejected")
    assert "at the same time" in answer["message"]
