"""CloudTrail's event history. moto has no LookupEvents, so botocore's own stub answers as its service model allows."""

import json
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from functions.adapters.trails import Trails
from functions.domain.drift import Author, Trace
from tests.functions.samples import ENVIRONMENT, NOW
from tests.functions.stack import DEPLOY_ROLE, READ_ROLE, REGION, Stack

MOVED = Trace("UpdateAlias20150331", {"functionName": "hello", "name": "live"})
REMOVED = Trace("DeleteAlias20150331", {"functionName": "hello", "name": "live"})


def event(who: str, at: str = NOW, function: str = "hello", **more: Any) -> dict[str, str]:
    """An event as CloudTrail lists it."""
    identity = {"arn": who} | ({"sessionContext": {"sessionIssuer": {"arn": who}}} if who == DEPLOY_ROLE else {})
    said = {"userIdentity": identity, "eventTime": at, "eventName": "UpdateAlias20150331"}
    return {
        "CloudTrailEvent": json.dumps({**said, "requestParameters": {"functionName": function, "name": "live"}, **more})
    }


def asked(stub: Stubber, trace: Trace, *pages: list[dict[str, str]]) -> None:
    """CloudTrail answers these pages, newest event first."""
    wanted: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": trace.event}],
        "StartTime": datetime.fromisoformat(NOW),
    }
    for number, page in enumerate(pages):
        more = {"NextToken": f"page {number + 1}"} if number + 1 < len(pages) else {}
        request = {**wanted, **({"NextToken": f"page {number}"} if number else {})}
        stub.add_response("lookup_events", {"Events": page, **more}, request)


@pytest.fixture
def stub(stack: Stack) -> Stubber:
    """Answers the calls under the environment's read role."""
    return Stubber(stack.clients.client("cloudtrail", region=REGION, role_arn=READ_ROLE))


def last_change(stack: Stack, stub: Stubber, *traces: Trace) -> Author | None:
    """Who changed the part last."""
    with stub:
        found = Trails.connect(stack.clients).last_change(ENVIRONMENT, traces, NOW)
    stub.assert_no_pending_responses()
    return found


def test_the_last_one_who_changed_the_part_is_found(stack: Stack, stub: Stubber) -> None:
    """R15: other functions, refused calls and the platform's own changes are passed over, page by page."""
    others = (event("arn:other", function="other"), event("arn:refused", errorCode="AccessDenied"))
    asked(stub, MOVED, *([one] for one in (*others, event(DEPLOY_ROLE), event("arn:grace"))))
    assert last_change(stack, stub, MOVED) == Author("arn:grace", NOW, "UpdateAlias20150331")


def test_of_several_kinds_of_changes_the_last_counts(stack: Stack, stub: Stubber) -> None:
    """One call has one name of an event."""
    asked(stub, MOVED, [event("arn:grace")])
    asked(stub, REMOVED, [event("arn:ada", at="2026-01-31T09:00:00Z", eventName=REMOVED.event)])
    assert last_change(stack, stub, MOVED, REMOVED) == Author("arn:ada", "2026-01-31T09:00:00Z", REMOVED.event)


def test_nobody_is_found_where_nothing_is_shown(stack: Stack, stub: Stubber) -> None:
    """The history lags behind, and an event may lack its text."""
    asked(stub, MOVED, [{"EventName": MOVED.event}])
    asked(stub, REMOVED, [])
    assert last_change(stack, stub, MOVED, REMOVED) is None
    assert last_change(stack, stub) is None


def test_a_refusal_is_an_error(stack: Stack, stub: Stubber) -> None:
    """The caller decides what it means that CloudTrail can't be read."""
    stub.add_client_error("lookup_events", "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        last_change(stack, stub, MOVED)
