"""An alarm that a monitor outside AWS reports for an environment, through a signed webhook (R11)."""

import json
import re
from typing import Any, Literal

from functions.domain.errors import BadInputError
from functions.domain.values import Value
from functions.domain.watches import AlarmReading, Severity

# The longest difference between signing and receiving: clocks differ, and a recorded request must become invalid.
TOLERANCE_SECONDS = 300
_MONITOR = re.compile(r"[a-z][a-z0-9-]{0,29}")
# What monitors call the states, in lower case; another one says neither, and changes nothing.
# https://docs.datadoghq.com/integrations/webhooks/ ($ALERT_TRANSITION)
# https://docs.newrelic.com/docs/alerts/get-notified/custom-variables-incident-workflows/ ({{state}})
_STATES: dict[str, tuple[Literal["ALARM", "OK"], Severity]] = {
    "alarm": ("ALARM", "critical"),
    "ok": ("OK", "critical"),
    **dict.fromkeys(("triggered", "re-triggered", "created", "activated"), ("ALARM", "critical")),
    **dict.fromkeys(("warn", "re-warn"), ("ALARM", "warning")),
    **dict.fromkeys(("recovered", "closed"), ("OK", "critical")),
}
_NAME = re.compile(r"[\w][\w .:/@-]{0,99}")
_FIELDS = ("name", "state", "severity", "reason", "url")
_LIMIT = 1000


class OutsideAlarm(Value, frozen=True):
    """The last report of a monitor; `at` is when it was signed (ISO 8601), so that replayed older ones are ignored."""

    name: str
    state: Literal["ALARM", "OK"]
    severity: Severity
    reason: str
    url: str
    at: str

    @property
    def reading(self) -> AlarmReading:
        """The alarm as a watch reads it."""
        return AlarmReading(
            self.name, self.severity, self.state, " ".join(filter(None, (self.reason, self.url))), self.at
        )


def signed(timestamp: str, environment: str, body: bytes) -> bytes:
    """The signed bytes. They include time and environment, so that a recorded request is not valid later or elsewhere.

    `timestamp` is in Unix seconds.
    """
    return f"{timestamp}.{environment}.".encode() + body


def tokened(monitor: str, environment: str) -> bytes:
    """The bytes whose HMAC is the token of a monitor that can't sign: it is of use in one environment only."""
    return f"monitor.{environment}.{monitor}".encode()


def read_token(header: str) -> tuple[str, str]:
    """The monitor and the HMAC in `Bearer {monitor}.{HMAC in hexadecimal}`; ("", "") for anything else."""
    kind, _, token = header.partition(" ")
    monitor, _, mark = token.strip().partition(".")
    return (monitor, mark) if kind.lower() == "bearer" and mark and _MONITOR.fullmatch(monitor) else ("", "")


# Enough digits for Unix seconds beyond the year 30000; a longer number is refused before it is parsed.
_TIMESTAMP_DIGITS = 12


def is_timely(timestamp: str, now_seconds: float) -> bool:
    """Whether the time of a signature (Unix seconds) is within `TOLERANCE_SECONDS` of now."""
    seconds = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _TIMESTAMP_DIGITS
    return seconds and abs(now_seconds - int(timestamp)) <= TOLERANCE_SECONDS


def read_monitor(body: bytes, at: str, monitor: str) -> OutsideAlarm | None:
    """The alarm in the body of a monitor with a token, which uses its own words; None for a state that says neither.

    Its name begins with the monitor's, so that no monitor reports an alarm of another.
    """
    given = _read(body)
    known = _STATES.get(_text(given, "state").lower())
    if known is None:
        return None
    state, severity = known
    named = {"severity": severity, **given, "state": state, "name": f"{monitor}: {_text(given, 'name')}"}
    return _alarm(named, at)


def read_alarm(body: bytes, at: str) -> OutsideAlarm:
    """The alarm in a request body; an invalid body is a BadInputError that names the field and the allowed values."""
    return _alarm(_read(body), at)


def _read(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"the body is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise BadInputError(f"the body must be an object with {', '.join(_FIELDS)}; it is a {type(given).__name__}")
    return given


def _alarm(given: dict[str, Any], at: str) -> OutsideAlarm:
    unknown = sorted(set(given) - set(_FIELDS))
    if unknown:
        raise BadInputError(f"{', '.join(unknown)[:200]}: unknown; known are {', '.join(_FIELDS)}")
    name = _text(given, "name")
    if not _NAME.fullmatch(name):
        raise BadInputError("name: 1 to 100 letters, digits, spaces or any of _ . : / @ -, beginning with a letter")
    url = _text(given, "url", "")
    if url and not url.startswith(("https://", "http://")):
        raise BadInputError("url: must begin with https:// or http://")
    state: Any = _one_of(given, "state", ("ALARM", "OK"))
    severity: Any = _one_of(given, "severity", ("critical", "warning"), "critical")
    return OutsideAlarm(name, state, severity, _text(given, "reason", ""), url, at)


def _text(given: dict[str, Any], key: str, default: str | None = None) -> str:
    value = given.get(key, default)
    if not isinstance(value, str):
        raise BadInputError(f"{key}: missing or not a text")
    if len(value) > _LIMIT:
        raise BadInputError(f"{key}: {len(value)} characters, {_LIMIT} allowed")
    return value


def _one_of(given: dict[str, Any], key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    value = _text(given, key, default)
    if value not in allowed:
        raise BadInputError(f"{key}: {value[:100]!r} is not one of {', '.join(allowed)}")
    return value
