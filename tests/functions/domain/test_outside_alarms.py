"""Alarms of monitors outside AWS: the accepted bodies and signatures."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.errors import BadInputError
from functions.domain.outside_alarms import (
    TOLERANCE_SECONDS,
    OutsideAlarm,
    is_timely,
    read_alarm,
    read_monitor,
    read_token,
    signed,
    tokened,
)
from functions.domain.watches import AlarmReading
from tests.functions.samples import NOW

RINGS = {"name": "latency", "state": "ALARM", "severity": "warning", "reason": "4 s", "url": "https://m.io/1"}
MOMENT = 1_770_000_000
PLAUSIBLE = st.sampled_from(["", "x", "!", "ALARM", "OK", "critical", "warning", "https://m.io", "r" * 1001])
VALUES = PLAUSIBLE | st.text() | st.none() | st.integers() | st.lists(st.text())
FIELDS = st.dictionaries(st.sampled_from([*sorted(RINGS), "colour"]) | st.text(), VALUES)


def body(**changes: Any) -> bytes:
    """The body of a report, with changed fields."""
    return json.dumps({**RINGS, **changes}).encode()


def test_everything_that_is_said_is_kept() -> None:
    """All fields are read, with the time of the signature."""
    assert read_alarm(body(), NOW) == OutsideAlarm("latency", "ALARM", "warning", "4 s", "https://m.io/1", NOW)


def test_a_name_and_a_state_are_enough() -> None:
    """An alarm without a severity is critical."""
    assert read_alarm(b'{"name": "x", "state": "OK"}', NOW) == OutsideAlarm("x", "OK", "critical", "", "", NOW)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (b"", "the body is not JSON"),
        (b"\xff\xfe\xff", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"[]", "must be an object with name, state, severity, reason, url; it is a list"),
        (body(colour="red"), "colour: unknown; known are name, state"),
        (b'{"state": "OK"}', "name: missing or not a text"),
        (b'{"name": "x"}', "state: missing or not a text"),
        (body(name=""), "name: 1 to 100"),
        (body(name="!x"), "name: 1 to 100"),
        (body(name="a\nb"), "name: 1 to 100"),
        (body(name="n" * 101), "name: 1 to 100"),
        (body(state="alarm"), "state: 'alarm' is not one of ALARM, OK"),
        (body(severity="high"), "severity: 'high' is not one of critical, warning"),
        (body(severity=None), "severity: missing or not a text"),
        (body(reason=7), "reason: missing or not a text"),
        (body(reason="r" * 1001), "reason: 1001 characters, 1000 allowed"),
        (body(url="ftp://m.io"), "url: must begin with https:// or http://"),
    ],
)
def test_a_wrong_body_is_refused_by_the_field(said: bytes, complaint: str) -> None:
    """The error names the field and the allowed values."""
    with pytest.raises(BadInputError) as refused:
        read_alarm(said, NOW)
    assert complaint in str(refused.value)


@given(st.fixed_dictionaries({"name": VALUES, "state": VALUES}), FIELDS)
def test_whatever_is_said_is_read_or_refused(said: dict[str, Any], more: dict[str, Any]) -> None:
    """Any body is read or is a BadInputError, and every field that is read is within its limits."""
    try:
        alarm = read_alarm(json.dumps({**said, **more}).encode(), NOW)
    except BadInputError:
        return
    assert alarm.state in ("ALARM", "OK")
    assert alarm.severity in ("critical", "warning")
    assert 0 < len(alarm.name) <= 100
    assert max(len(alarm.reason), len(alarm.url)) <= 1000


@pytest.mark.parametrize(
    ("reason", "url", "words"),
    [
        ("4 s", "https://m.io/1", "4 s https://m.io/1"),
        ("4 s", "", "4 s"),
        ("", "https://m.io/1", "https://m.io/1"),
        ("", "", ""),
    ],
)
def test_a_watch_reads_it_as_any_alarm(reason: str, url: str, words: str) -> None:
    """The address stands with the words, so that whoever reads them can look."""
    alarm = OutsideAlarm("latency", "ALARM", "critical", reason, url, NOW)
    assert alarm.reading == AlarmReading("latency", "critical", "ALARM", words, NOW)


@pytest.mark.parametrize(
    ("timestamp", "timely"),
    [
        (str(MOMENT), True),
        (str(MOMENT - TOLERANCE_SECONDS), True),
        (str(MOMENT + TOLERANCE_SECONDS), True),
        (str(MOMENT - TOLERANCE_SECONDS - 1), False),
        (str(MOMENT + TOLERANCE_SECONDS + 1), False),
        ("", False),
        ("-1", False),
        (f"{MOMENT}.5", False),
        (f" {MOMENT}", False),
        ("²", False),
        ("\u0661", False),
        ("yesterday", False),
    ],
)
def test_a_signature_is_timely_for_five_minutes(timestamp: str, timely: bool) -> None:
    """Before and after; only digits are a time."""
    assert is_timely(timestamp, MOMENT) is timely


def test_time_and_environment_are_signed_with_the_body() -> None:
    """A recording for one environment says nothing in another, nor another day."""
    assert signed("1", "test", b"{}") == b"1.test.{}"
    assert len({signed(at, name, b"{}") for at in ("1", "2") for name in ("test", "production")}) == 4


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Bearer datadog.ab12", ("datadog", "ab12")),
        ("bearer new-relic.ab12", ("new-relic", "ab12")),
        ("Bearer ab12", ("", "")),
        ("Bearer Data Dog.ab12", ("", "")),
        ("Basic datadog.ab12", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_token_names_its_monitor(header: str, found: tuple[str, str]) -> None:
    """Anything else is no token, and the request must be signed."""
    assert read_token(header) == found


def test_a_token_is_no_signature_of_a_request() -> None:
    """A signed text begins with digits."""
    assert tokened("datadog", "production") == b"monitor.production.datadog"
    assert not signed("1770000000", "production", b"").startswith(b"monitor")


def test_a_monitor_may_say_how_severe_it_is() -> None:
    """Its own field has precedence over what the state means; a state that is not known says nothing."""
    alarm = read_monitor(body(state="Triggered"), NOW, "datadog")
    assert alarm == OutsideAlarm("datadog: latency", "ALARM", "warning", "4 s", "https://m.io/1", NOW)
    assert read_monitor(body(state="No Data"), NOW, "datadog") is None
