"""A message of Slack as plain text, as the laptop's console shows it."""

import re
from collections.abc import Iterator
from typing import Any

from local.slack.server import Posted

# A fact of our messages: its name in bold, on a line of its own (functions/domain/slack_blocks.py).
_NAME = re.compile(r"\A\*([^*\n]+)\*\n")
_LINK = re.compile(r"<([^|<>]+)\|([^<>]*)>")


def title(message: Posted) -> str:
    """What a notification shows."""
    return _decoded(message.text)


def body(message: Posted) -> str:
    """The texts of its blocks but for the header, and what was answered when its buttons were pressed."""
    found = [line for block in message.blocks if block["type"] != "header" for line in _texts(block)]
    found += [f"answer: {_decoded(one['text'])}" for one in message.answers if one.get("text")]
    return "\n".join(found)


def _texts(block: dict[str, Any]) -> Iterator[str]:
    if block["type"] == "actions":
        yield " ".join(f"[{one['text']['text']}]" for one in block["elements"])
        return
    for one in (block.get("text"), *block.get("fields", ()), *block.get("elements", ())):
        if one:
            yield _decoded(one["text"]) if one["type"] == "mrkdwn" else one["text"]


def _decoded(text: str) -> str:
    """The text with its name in front and the addresses of links, and without Slack's escaping.

    https://docs.slack.dev/messaging/formatting-message-text (`*bold*`, `<address|text>`, `&amp;`, `&lt;` and `&gt;`)
    """
    shown = _LINK.sub(r"\2: \1", _NAME.sub(r"\1: ", text))
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
