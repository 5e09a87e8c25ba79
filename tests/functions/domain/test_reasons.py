"""Reasons as people read them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.reasons import plain_reason

# What a handler may have raised: also texts that look like JSON themselves.
TEXTS = st.text() | st.sampled_from(['{"a": 1}', "{}", "[1]", '"', "\\", '{"', "line\nline"])


def wrapped(message: str, kind: str = "NotHealthyYetError") -> str:
    """What Lambda answers when a function raises."""
    return json.dumps({"errorMessage": message, "errorType": kind, "requestId": "r", "stackTrace": ["  File\n"]})


def test_the_message_of_a_handler_is_what_remains() -> None:
    """State and name stay in front; type, request and stack trace go."""
    reason = f"Verify: NotHealthyYetError: {wrapped('hello: 503 from http://x')}"
    assert plain_reason(reason) == "Verify: NotHealthyYetError: hello: 503 from http://x"


def test_every_message_of_a_reason_is_unwrapped() -> None:
    """A rollback joins the failures of its steps."""
    reason = f"PlanRollback: A: {wrapped('one')}; hello: B: {wrapped('two')}; production: unknown"
    assert plain_reason(reason) == "PlanRollback: A: one; hello: B: two; production: unknown"


@pytest.mark.parametrize(
    "text",
    ["", "no alarm is in ALARM", "{", '{"', '{"a": 1} and {"errorMessage": 7}', '{"errorMessage": "cut off', "{}"],
)
def test_what_is_not_wrapped_stays(text: str) -> None:
    """Also what only looks like it, or was cut off."""
    assert plain_reason(text) == text


@given(st.lists(st.tuples(TEXTS.filter(lambda text: '{"' not in text), TEXTS), max_size=4))
def test_a_message_comes_out_as_it_went_in(pieces: list[tuple[str, str]]) -> None:
    """Whatever is in it, also JSON and quotes; it is not unwrapped a second time, and the rest stays."""
    reason = "".join(f"{before} {wrapped(message)}" for before, message in pieces)
    assert plain_reason(reason) == "".join(f"{before} {message}" for before, message in pieces)


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    """It comes from an exception; a text without a message stays as it is."""
    plain = plain_reason(text)
    assert plain == text or "errorMessage" in text
