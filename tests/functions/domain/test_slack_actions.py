"""Buttons of Slack messages, and what Slack sends when one is pressed."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from functions.domain.errors import BadInputError
from functions.domain.slack_actions import Button, Press, actions_block, buttons, ended, read_press, signed, told
from local.slack.rules import problems
from tests.functions.samples import DEPLOYMENT, event

PAYLOAD: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U0ADA12345"},
    "message": {"ts": "1.1", "blocks": [{"type": "divider"}]},
    "response_url": "https://hooks.slack.com/actions/x",
    "actions": [{"type": "button", "action_id": "approve", "value": "a1"}],
}


def body(**changes: Any) -> bytes:
    """A request's body with these changes of the payload."""
    return urlencode({"payload": json.dumps({**PAYLOAD, **changes})}).encode()


def test_a_request_for_approval_can_be_decided_and_a_passed_stage_rolled_back() -> None:
    """A5: a button names what it is about, and holds no secret; other messages have none."""
    asked = buttons(event("StageHeld", approvalId="a1"))
    assert asked == (Button("approve", "production", "a1"), Button("reject", "production", "a1"))
    assert buttons(event("StageFinished")) == (Button("roll_back", "production", f"production/{DEPLOYMENT}"),)
    for name, changes in (("StageHeld", {}), ("StageFinished", {"result": "failed"}), ("DeploymentFinished", {})):
        assert buttons(event(name, **changes)) == ()
    assert problems([actions_block(asked), actions_block(buttons(event("StageFinished")))]) == []


def test_version_time_and_body_are_signed() -> None:
    """The example of https://docs.slack.dev/authentication/verifying-requests-from-slack begins so."""
    assert signed("1531420618", b"token=xyz") == b"v0:1531420618:token=xyz"


def test_a_press_says_who_and_what() -> None:
    """Other interactions, such as a link that is followed, are none."""
    assert read_press(body()) == Press(
        "approve", "a1", "U0ADA12345", "1.1", "https://hooks.slack.com/actions/x", ({"type": "divider"},)
    )
    assert read_press(body(type="view_submission")) is None
    assert read_press(body(actions=[{"action_id": "open", "value": "x"}])) is None


@pytest.mark.parametrize(
    "given",
    [b"", b"payload=", b"payload=7", b"payload={}", b"\xff", body(actions=[]), body(user=None), body(message=[1])],
)
def test_an_unreadable_body_is_an_error(given: bytes) -> None:
    """Q3: the signature was right, so this is a change of Slack's, and is noticed."""
    with pytest.raises(BadInputError, match="no interaction of Slack"):
        read_press(given)


def test_the_end_stands_in_place_of_the_buttons() -> None:
    """Blocks of the message are kept; a refusal leaves it as it is, and only one person sees it."""
    asked = actions_block(buttons(event("StageHeld", approvalId="a1")))
    press = Press("approve", "a1", "U1", "1.1", "", ({"type": "divider"}, asked))
    answer = ended(press, "approved by <ada>")
    assert [block["type"] for block in answer["blocks"]] == ["divider", "context"]
    assert (answer["replace_original"], problems(answer["blocks"])) == (True, [])
    assert answer["text"] == "approved by &lt;ada&gt;"
    assert told("no <!channel>") == {
        "response_type": "ephemeral",
        "replace_original": False,
        "text": "no &lt;!channel&gt;",
    }
