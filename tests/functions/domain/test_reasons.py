"""Reasons for people."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.reasons import plain_reason, readable
from functions.domain.texts import REASON, SEARCHED

# What a handler may have raised: also texts that look like JSON themselves.
TEXTS = st.text() | st.sampled_from(['{"a": 1}', "{}", "[1]", '"', "\\", '{"', "line\nline"])


def wrapped(message: str, kind: str = "DeployTargetError") -> str:
    """What Lambda answers when a function raises."""
    return json.dumps({"errorMessage": message, "errorType": kind, "requestId": "r", "stackTrace": ["  File\n"]})


def test_the_message_of_a_handler_is_what_remains() -> None:
    """State and error name stay; type, request id and stack trace are removed."""
    reason = f"Verify: DeployTargetError: {wrapped('hello: 503 from http://x')}"
    assert plain_reason(reason) == "Verify: DeployTargetError: hello: 503 from http://x"


def test_every_message_of_a_reason_is_unwrapped() -> None:
    """All wrapped messages in one text are unwrapped, as in the reason of a rollback."""
    reason = f"PlanRollback: A: {wrapped('one')}; hello: B: {wrapped('two')}; production: unknown"
    assert plain_reason(reason) == "PlanRollback: A: one; hello: B: two; production: unknown"


@pytest.mark.parametrize(
    "text",
    ["", "no alarm is in ALARM", "{", '{"', '{"a": 1} and {"errorMessage": 7}', '{"errorMessage": "cut off', "{}"],
)
def test_what_is_not_wrapped_stays(text: str) -> None:
    """A text without a wrapped message is unchanged, even if it looks like one or is cut off."""
    assert plain_reason(text) == text


@given(st.lists(st.tuples(TEXTS.filter(lambda text: '{"' not in text), TEXTS), max_size=4))
def test_a_message_comes_out_as_it_went_in(pieces: list[tuple[str, str]]) -> None:
    """Any message is unwrapped exactly once, and the text around it is kept."""
    reason = "".join(f"{before} {wrapped(message)}" for before, message in pieces)
    assert plain_reason(reason) == "".join(f"{before} {message}" for before, message in pieces)


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    """Any text is accepted; one without a message is unchanged."""
    plain = plain_reason(text)
    assert plain == text or "errorMessage" in text


@pytest.mark.parametrize(
    "text",
    ['{"a":' * 200_000, '{"a":' * 800 + "[" + "1," * 200_000, '{"a":1}' * 100_000, '{"errorMessage":"{"' * 50_000],
    ids=["deep", "deep and long", "many", "many messages"],
)
def test_a_hostile_reason_ends_as_a_short_one(text: str) -> None:
    """What a service or a build answers is never nested too deep for its reason, and is read to a limit only."""
    assert len(plain_reason(text)) <= SEARCHED
    assert len(readable(text)) <= REASON
