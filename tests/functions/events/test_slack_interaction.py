"""Buttons of Slack messages decide as the page does, for the person whom the settings name (A5)."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import Request

import pytest

from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze
from local.slack import SIGNING_SECRET, LocalSlack, Posted, signed_request
from tests.functions.approving import approvers, ask, kept
from tests.functions.events.test_github_webhook import hooked
from tests.functions.procedures.test_requested_rollbacks import given, released
from tests.functions.samples import DEPLOYMENT, NOW, detail
from tests.functions.stack import Stack

__all__ = ["hooked", "released"]
ADA, EVE = "U0ADA12345", "U0EVE12345"
USERS = {"ada@x.io": ADA, "bob@x.io": "U0BOB12345"}


@pytest.fixture
def there() -> Iterator[LocalSlack]:
    """Slack."""
    with LocalSlack() as slack:
        yield slack


def posted(stack: Stack, there: LocalSlack, name: str, **changes: Any) -> Posted:
    """The message about an event, in the channel of a stack whose settings name Slack users."""
    secrets = stack.client("secretsmanager")
    secrets.create_secret(Name="kiro-slack", SecretString=there.app)
    secrets.create_secret(Name="kiro-slack-signing", SecretString=SIGNING_SECRET)
    approvers(stack, dict.fromkeys(USERS, ""), **{"slackUsers": USERS, **changes.pop("settings", {})})
    stack.run("events.notify", {"detail-type": name, "detail": detail(name, **changes)})
    return there.messages[-1]


def asked(stack: Stack, there: LocalSlack, **changes: Any) -> Posted:
    """The message about an open request."""
    settings = changes.pop("settings", {})
    ask(stack, **changes)
    return posted(stack, there, "StageHeld", approvalId="a1", settings=settings)


def send(stack: Stack, request: Request, **headers: str) -> Any:
    """Send a request of Slack as the HTTP API passes it on."""
    assert isinstance(request.data, bytes)
    sent = {**{name.lower(): value for name, value in request.header_items()}, **headers}
    return stack.run("events.slack_interaction", {"headers": sent, "body": request.data.decode()})


def press(stack: Stack, there: LocalSlack, message: Posted, action: str, user: str = ADA) -> dict[str, Any]:
    """Press a button; returns the answer that Slack got."""
    before = len(message.answers)
    assert send(stack, there.press(message, action, user)) == {"statusCode": 200, "body": ""}
    (answer,) = message.answers[before:]
    return answer


def test_an_approver_approves(stack: Stack, there: LocalSlack) -> None:
    """A5: the person of the settings is recorded with the Slack user, the wait ends, the buttons go."""
    message = asked(stack, there)
    answer = press(stack, there, message, "approve")
    assert "approved by ada@x.io: with the button in Slack" in answer["text"]
    assert (kept(stack).state, kept(stack).by, kept(stack).identity) == ("approved", "ada@x.io", f"slack:{ADA}")
    assert stack.completed()["token"]["outcome"] == "approved"
    assert "actions" not in [block["type"] for block in message.blocks]


def test_an_approver_rejects(stack: Stack, there: LocalSlack) -> None:
    """A3: with a reason, which the author of the release reads."""
    answer = press(stack, there, asked(stack, there), "reject")
    assert "rejected by ada@x.io: rejected with the button in Slack" in answer["text"]
    assert stack.completed()["token"]["outcome"] == "rejected"


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_a_user_whom_the_settings_do_not_name_decides_nothing(stack: Stack, there: LocalSlack, action: str) -> None:
    """A5: a message that was shown to others decides nothing; only who pressed is told."""
    before = asked(stack, there)
    answer = press(stack, there, before, action, EVE)
    assert (answer["response_type"], "approverSlackUsers" in answer["text"]) == ("ephemeral", True)
    assert (kept(stack).state, stack.completed()) == ("open", {})


def test_the_rules_of_the_page_hold(stack: Stack, there: LocalSlack) -> None:
    """A3, P12: several approvals are several people, and a frozen environment refuses."""
    message = asked(stack, there, needed=2, settings={"needed": 2})
    EnvironmentsTable.connect(stack.clients).freeze("production", Freeze("fair", "ada", NOW))
    assert "frozen since" in press(stack, there, message, "approve")["text"]
    EnvironmentsTable.connect(stack.clients).freeze("production", None)
    assert "1 more must approve" in press(stack, there, message, "approve")["text"]
    assert "already approved" in press(stack, there, message, "approve")["text"]
    assert "approved by ada@x.io, bob@x.io" in press(stack, there, message, "approve", "U0BOB12345")["text"]


def test_a_repeated_press_changes_nothing(stack: Stack, there: LocalSlack) -> None:
    """A2: the same request once more is told of the first."""
    message = asked(stack, there)
    request = there.press(message, "approve", ADA)
    for _ in range(2):
        send(stack, request)
    assert "already approved by ada@x.io" in message.answers[1]["text"]
    assert len(stack.completed()) == 1


def test_a_release_is_rolled_back_once(released: Stack, there: LocalSlack) -> None:
    """A5, R7: as by a dispatch or the command; the same press again starts no other rollback."""
    message = posted(released, there, "StageFinished")
    request = there.press(message, "roll_back", ADA)
    for _ in range(2):
        assert send(released, request)["statusCode"] == 200
    found = given(released)
    assert (found["deploymentId"], found["environment"]["name"]) == (DEPLOYMENT, "production")
    assert found["reason"] == "requested by ada@x.io: with the button in Slack"
    assert f"the rollback {found['name']} was started by ada@x.io" in message.answers[0]["text"]


def test_what_cannot_go_back_and_who_may_not_are_told(released: Stack, there: LocalSlack) -> None:
    """The person gets the reason; nothing starts."""
    message = posted(released, there, "StageFinished", deploymentId="main-unknown")
    assert "no deployment is called" in press(released, there, message, "roll_back")["text"]
    assert "approverSlackUsers" in press(released, there, message, "roll_back", EVE)["text"]
    assert released.executions("rollback") == []


def test_without_slack_users_there_is_no_button(stack: Stack, there: LocalSlack) -> None:
    """Nobody could press it."""
    message = posted(stack, there, "StageHeld", approvalId="a1", settings={"slackUsers": {}})
    assert "actions" not in [block["type"] for block in message.blocks]


@pytest.mark.parametrize(
    ("headers", "secret", "late"),
    [
        ({"x-slack-signature": ""}, SIGNING_SECRET, 0),
        ({"x-slack-signature": "sha256=0"}, SIGNING_SECRET, 0),
        ({"x-slack-request-timestamp": ""}, SIGNING_SECRET, 0),
        ({}, "another-secret-another-secret-xx", 0),
        ({}, SIGNING_SECRET, 301),
        ({}, SIGNING_SECRET, -302),
    ],
)
def test_an_unproven_request_decides_nothing(
    stack: Stack, there: LocalSlack, headers: dict[str, str], secret: str, late: int
) -> None:
    """I9: a signature over time and raw body, at most five minutes old: 401."""
    request = there.press(asked(stack, there), "approve", ADA)
    assert isinstance(request.data, bytes)
    answer = send(stack, signed_request(request.data, secret, int(time.time()) - late), **headers)
    assert answer["statusCode"] == 401
    assert (kept(stack).state, there.messages[-1].answers) == ("open", [])


def test_without_a_value_of_the_secret_nothing_is_accepted(stack: Stack, there: LocalSlack) -> None:
    """A stack without a Slack app has the route, too."""
    assert send(stack, signed_request(b"payload={}", ""))["statusCode"] == 401


def test_what_is_no_press_is_answered(stack: Stack, there: LocalSlack) -> None:
    """An unreadable body is 400, another interaction 200, one that is gone is told."""
    message = asked(stack, there)
    assert send(stack, signed_request(b"x=1", SIGNING_SECRET))["statusCode"] == 400
    other = b"payload=" + json.dumps({"type": "shortcut"}).encode()
    assert send(stack, signed_request(other, SIGNING_SECRET)) == {"statusCode": 200, "body": ""}
    stack.table("waits").delete_item(Key={"waitKey": "approval/a1"})
    assert "no such request" in press(stack, there, message, "approve")["text"]
