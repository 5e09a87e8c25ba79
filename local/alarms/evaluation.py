"""Decides an alarm's state from its datapoints (AWS: "Configuring how CloudWatch alarms treat missing data").

The newest period is evaluated while it still runs, so an alarm changes as soon as enough data has arrived. A statistic
that only grows, such as Sum, does not count in that period until it breaches (or, for "less than", until the period is
over): otherwise every new period would begin with an OK.

Datapoints are read from an evaluation range that is longer than the evaluated periods, and no datapoint is treated as
missing while the range has enough real ones. So an alarm on a metric that is written for errors only leaves ALARM after
the whole range. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.alarms.definitions import AlarmDefinition

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
# The only published figure of the evaluation range is 5 for 3 evaluation periods.
RANGE_BEYOND_PERIODS = 2
GROWING = frozenset({"Sum", "SampleCount", "Maximum"})
SHRINKING = frozenset({"Minimum"})


@dataclass(frozen=True)
class Verdict:
    """The state an alarm should have, with the reason as CloudWatch words it."""

    state: State
    reason: str
    reason_data: dict[str, Any]


def evaluation_range(alarm: AlarmDefinition, now: float) -> list[int]:
    """The begins of the running period and of the periods of the range before it, newest first (seconds since 1970)."""
    newest = int(now // alarm.period) * alarm.period
    return [newest - index * alarm.period for index in range(alarm.periods + RANGE_BEYOND_PERIODS + 1)]


def evaluate(alarm: AlarmDefinition, series: Mapping[int, float], now: float) -> Verdict | None:
    """Return the verdict for values by the begin of their period; None keeps the alarm's state."""
    window = _window(alarm, series, now)
    newest = [begin for begin in window if begin in series][: alarm.periods]
    present = {begin: series[begin] for begin in newest}
    breaching = [begin for begin, value in present.items() if _breaches(alarm, value)]
    missing = alarm.periods - len(present)
    in_alarm = len(breaching) + (missing if alarm.missing == "breaching" else 0) >= alarm.datapoints
    if in_alarm:
        return _verdict(alarm, "ALARM", present, missing)
    if alarm.missing in {"breaching", "notBreaching"}:
        return _verdict(alarm, "OK", present, missing)
    if not present:
        return None if alarm.missing == "ignore" else _insufficient(alarm, alarm.periods)
    if len(breaching) < len(present):
        return _verdict(alarm, "OK", present, missing)
    # all present data breaches, but there is too little: ALARM follows once later datapoints can't change the verdict
    old_enough = window.index(min(breaching)) >= alarm.datapoints - 1
    if alarm.missing == "missing" and old_enough:
        return _verdict(alarm, "ALARM", present, missing)
    return None


def _window(alarm: AlarmDefinition, series: Mapping[int, float], now: float) -> list[int]:
    """The periods of the evaluation range, newest first."""
    begins = evaluation_range(alarm, now)
    running = series.get(begins[0])
    counts = running is not None and _is_final(alarm, running)
    return begins[:-1] if counts else begins[1:]


def _is_final(alarm: AlarmDefinition, value: float) -> bool:
    greater, breaches = alarm.comparison.startswith("Greater"), _breaches(alarm, value)
    if alarm.statistic in GROWING:
        return breaches == greater
    if alarm.statistic in SHRINKING:
        return breaches != greater
    return True


def _breaches(alarm: AlarmDefinition, value: float) -> bool:
    compare, _ = COMPARISONS[alarm.comparison]
    return compare(value, alarm.threshold)


def _insufficient(alarm: AlarmDefinition, count: int) -> Verdict:
    plural = "datapoint was" if count == 1 else "datapoints were"
    return Verdict("INSUFFICIENT_DATA", f"Insufficient Data: {count} {plural} unknown.", _data(alarm, {}))


def _verdict(alarm: AlarmDefinition, state: State, present: dict[int, float], missing: int) -> Verdict:
    data = _data(alarm, present)
    if not present:
        treated = "Breaching" if alarm.missing == "breaching" else "NonBreaching"
        reason = (
            f"Threshold Crossed: no datapoints were received for {missing} {_plural('period', missing)} and "
            f"{missing} missing {_plural('datapoint', missing)} {'was' if missing == 1 else 'were'} "
            f"treated as [{treated}]."
        )
        return Verdict(state, reason, data)
    agreeing = {
        begin: value
        for begin, value in sorted(present.items(), reverse=True)
        if _breaches(alarm, value) == (state == "ALARM")
    }
    values = ", ".join(
        f"{value} ({datetime.fromtimestamp(begin, UTC):%d/%m/%y %H:%M:%S})" for begin, value in agreeing.items()
    )
    count = alarm.datapoints if state == "ALARM" else alarm.periods - alarm.datapoints + 1
    _, wording = COMPARISONS[alarm.comparison]
    reason = (
        f"Threshold Crossed: {len(agreeing)} out of the last {alarm.periods} datapoints [{values}] "
        f"{'was' if len(agreeing) == 1 else 'were'} {'' if state == 'ALARM' else 'not '}{wording} the threshold "
        f"({alarm.threshold}) (minimum {count} {_plural('datapoint', count)} for "
        f"{'OK -> ALARM' if state == 'ALARM' else 'ALARM -> OK'} transition)."
    )
    return Verdict(state, reason, data)


def _data(alarm: AlarmDefinition, present: Mapping[int, float]) -> dict[str, Any]:
    ordered = sorted(present.items())
    data: dict[str, Any] = {
        "version": "1.0",
        "queryDate": stamp(datetime.now(UTC)),
        "period": alarm.period,
        "recentDatapoints": [value for _, value in ordered],
        "threshold": alarm.threshold,
    }
    if alarm.statistic:
        data["statistic"] = alarm.statistic
    if ordered:
        data["startDate"] = stamp(datetime.fromtimestamp(ordered[0][0], UTC))
    return data


def stamp(moment: datetime) -> str:
    """Return a time as CloudWatch writes it in events, such as 2019-10-02T17:04:40.989+0000."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}+0000"


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
