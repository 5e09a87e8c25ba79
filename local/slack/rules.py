"""The documented rules of a message's blocks; what breaks one is refused as `invalid_blocks`.

Sources: https://docs.slack.dev/reference/block-kit/blocks, …/block-elements/button-element and
…/composition-objects (text, confirmation dialog). slack_sdk.models.blocks has the same limits.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_BLOCKS = 50
# By type: what a block may have besides `type` and `block_id`.
_KEYS = {
    "header": {"text"},
    "section": {"text", "fields"},
    "context": {"elements"},
    "actions": {"elements"},
    "divider": set[str](),
}
_BUTTON = {"type", "text", "action_id", "value", "style", "confirm", "url"}


def problems(given: Any) -> list[str]:
    """What is wrong with the blocks of a message, each with its place."""
    if not isinstance(given, list) or not 1 <= len(given) <= _BLOCKS:
        return [f"blocks: a list of 1 to {_BLOCKS}"]
    return [f"blocks[{place}]: {wrong}" for place, block in enumerate(given) for wrong in _block(block)]


def _block(block: Any) -> Iterator[str]:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in _KEYS:
        yield f"no block of messages is called {kind}"
        return
    unknown = set(block) - _KEYS[kind] - {"type", "block_id"}
    if unknown:
        yield f"unknown: {sorted(unknown)}"
    if not 1 <= len(block.get("block_id", "1")) <= 255:
        yield "block_id: 1 to 255 characters"
    if kind == "header":
        yield from _text(block.get("text"), 150, "plain_text")
    if kind == "section":
        yield from _section(block)
    if kind == "context":
        yield from _list(block.get("elements"), 10)
        for element in block.get("elements", []):
            yield from _text(element, 3000)
    if kind == "actions":
        yield from _list(block.get("elements"), 25)
        ids = [element.get("action_id") for element in block.get("elements", [])]
        if len({*ids}) < len(ids):
            yield "an action_id is there twice"
        for element in block.get("elements", []):
            yield from _button(element)


def _section(block: Mapping[str, Any]) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield "text or fields"
    if "text" in block:
        yield from _text(block["text"], 3000)
    if "fields" in block:
        yield from _list(block["fields"], 10)
        for field in block["fields"]:
            yield from _text(field, 2000)


def _button(element: Mapping[str, Any]) -> Iterator[str]:
    if element.get("type") != "button" or set(element) - _BUTTON:
        yield f"no button: {sorted(element)}"
        return
    yield from _text(element.get("text"), 75, "plain_text")
    if not 1 <= len(element.get("action_id", "")) <= 255:
        yield "action_id: 1 to 255 characters"
    if len(element.get("value", "")) > 2000:
        yield "value: at most 2000 characters"
    if element.get("style", "primary") not in ("primary", "danger"):
        yield "style: primary or danger"
    if "confirm" in element:
        dialog = element["confirm"]
        for name, limit in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            yield from _text(dialog.get(name), limit, "plain_text")


def _text(text: Any, limit: int, kind: str = "") -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in ({kind} if kind else {"plain_text", "mrkdwn"}):
        yield f"{kind or 'a text'} is demanded"
        return
    own = {"verbatim"} if text["type"] == "mrkdwn" else {"emoji"}
    if set(text) - {"type", "text"} - own:
        yield f"unknown: {sorted(text)}"
    if not 1 <= len(text.get("text", "")) <= limit:
        yield f"1 to {limit} characters, not {len(text.get('text', ''))}"


def _list(found: Any, most: int) -> Iterator[str]:
    if not isinstance(found, list) or not 1 <= len(found) <= most:
        yield f"1 to {most} elements"
