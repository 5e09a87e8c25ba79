"""A message as Slack's blocks. What others wrote mentions nobody, has no link and no place of ours.

Limits: https://docs.slack.dev/reference/block-kit/blocks (header 150, section 3000, ten fields of 2000, ten elements of
a context) and https://docs.slack.dev/reference/block-kit/composition-objects/text-object (`verbatim`: nothing in the
text becomes a link or a mention by itself).
"""

from typing import Any

from functions.domain.messages import Message
from functions.domain.slack_actions import actions_block
from functions.domain.texts import cut, one_line, slack

Block = dict[str, Any]
# Blocks of one message may have about 12,000 characters together: https://github.com/slackapi/bolt-js/issues/2509.
_LEAD, _REASON, _STEPS, _FIELD, _LINK = 1500, 2500, 2500, 300, 2500
_FIELDS = 10
# What the lead says already.
_SAID = frozenset({"Title"})
_LONG = frozenset({"Reason", "Cause"})


def fallback(message: Message) -> str:
    """The text of a message where blocks are not shown, as in a notification of a phone."""
    return slack(message.subject, 150)


def blocks(message: Message) -> list[Block]:
    """The blocks: what happened, facts, what can be done, buttons, links."""
    shown = [(name, text) for name, text in message.facts if text and name not in _SAID]
    fields = [_text(f"*{name}*\n{slack(text, _FIELD)}") for name, text in shown if name not in _LONG]
    found = [
        {"type": "header", "text": {"type": "plain_text", "text": one_line(message.subject, 150), "emoji": False}},
        _section(slack(message.lead, _LEAD)),
        *(_section(f"*{name}*\n{slack(text, _REASON)}") for name, text in shown if name in _LONG),
    ]
    if fields:
        found.append({"type": "section", "fields": fields[:_FIELDS]})
    if message.steps:
        listed = "\n".join(f"• {step}" for step in message.steps)
        found.append(_section(f"*What to do*\n{slack(listed, _STEPS)}"))
    if message.buttons:
        found.append(actions_block(message.buttons))
    if message.links:
        found.append({"type": "context", "elements": [_text(" · ".join(_link(*link) for link in message.links))]})
    return found


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _link(name: str, address: str) -> str:
    """A link of ours; no character of the address ends it.

    Source: https://docs.slack.dev/messaging/formatting-message-text (`<address|text>`, and what to escape).
    """
    safe = cut(address, _LINK).replace("|", "%7C").replace("<", "%3C").replace(">", "%3E").replace("&", "&amp;")
    return f"<{safe}|{name}>"
