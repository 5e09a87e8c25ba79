"""The Slack of a laptop is as strict as Slack's documentation."""

from typing import Any

import pytest

from local.slack.rules import problems

TEXT = {"type": "mrkdwn", "text": "x"}
PLAIN = {"type": "plain_text", "text": "x"}
BUTTON = {"type": "button", "text": PLAIN, "action_id": "a", "value": "v"}


def actions(**changes: Any) -> dict[str, Any]:
    """A block with one button."""
    return {"type": "actions", "elements": [{**BUTTON, **changes}]}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "header", "text": TEXT},
        {"type": "header", "text": {**PLAIN, "text": "x" * 151}},
        {"type": "section"},
        {"type": "section", "text": {**TEXT, "text": ""}},
        {"type": "section", "text": {**TEXT, "text": "x" * 3001}},
        {"type": "section", "text": {**TEXT, "emoji": True}},
        {"type": "section", "fields": [TEXT] * 11},
        {"type": "section", "fields": [{**TEXT, "text": "x" * 2001}]},
        {"type": "context", "elements": [TEXT] * 11},
        {"type": "context", "elements": []},
        {"type": "actions", "elements": [BUTTON, BUTTON]},
        {"type": "actions", "elements": [{**BUTTON, "action_id": str(n)} for n in range(26)]},
        actions(value="x" * 2001),
        actions(action_id=""),
        actions(style="default"),
        actions(text={**PLAIN, "text": "x" * 76}),
        actions(colour="red"),
        actions(confirm={"title": {**PLAIN, "text": "x" * 101}, "text": PLAIN, "confirm": PLAIN, "deny": PLAIN}),
        {"type": "divider", "text": TEXT},
        {"type": "table"},
        {"type": "divider", "block_id": "x" * 256},
    ],
)
def test_what_slack_would_refuse_is_refused(block: dict[str, Any]) -> None:
    """Limits of https://docs.slack.dev/reference/block-kit/blocks and of slack_sdk.models.blocks."""
    assert problems([block])
    assert not problems([{"type": "divider"}, {"type": "section", "text": TEXT}, actions()])


@pytest.mark.parametrize("blocks", [[], [{"type": "divider"}] * 51, "x"])
def test_a_message_has_at_most_fifty_blocks(blocks: Any) -> None:
    """And at least one."""
    assert problems(blocks)
