"""Judging the alarms and probes of an environment, before and after a change (R1, R2)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning"]
Before = Literal["block", "ask", "ignore"]


@dataclass(frozen=True, slots=True)
class AlarmReading:
    """The state of one alarm; `missing` when no alarm has the name. `since` is ISO 8601, or empty if unknown."""

    name: str
    severity: Severity
    state: Literal["OK", "ALARM", "INSUFFICIENT_DATA", "missing"]
    reason: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of one probe of a service; `reason` is the fault if it is not healthy."""

    part: str
    healthy: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """The state of a watch. `review`: a person decides; `watching`: judge again later.

    `breached_at` is ISO 8601 and empty without a breach or warning. `alarms` are the names of the alarms in ALARM.
    """

    outcome: Literal["healthy", "breached", "review", "watching"]
    reason: str
    breached_at: str = ""
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """Whether a change may begin, why, and which alarms were in ALARM before it.

    `asked` are the conditions that a person has to approve, such as `ALARM errors`.
    """

    outcome: Literal["clear", "ask", "block"]
    reason: str
    in_alarm: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Alarms that were in ALARM before the change and were accepted.

    They count again once they enter the state ALARM after `at` (ISO 8601).
    """

    names: tuple[str, ...] = ()
    at: str = ""

    def covers(self, alarm: AlarmReading) -> bool:
        """Whether the alarm has been in ALARM since before `at` and was accepted."""
        return alarm.name in self.names and alarm.since <= self.at


NOTHING_ACCEPTED = Accepted()


def baseline(
    alarms: Sequence[AlarmReading],
    on_active: Before,
    on_missing: Before,
    *,
    emergency: bool = False,
    approved: Collection[str] = (),
) -> Baseline:
    """Judges the alarms before a change: `on_active` for those in ALARM, `on_missing` for those without data.

    An alarm that does not exist counts as one without data. `block` takes precedence over `ask`, `ask` over `ignore`.
    For an emergency `block` is `ask` (P8). `approved` are conditions that a person has approved before.
    """
    active = [a for a in alarms if a.state == "ALARM"]
    without_data = [a for a in alarms if a.state in ("missing", "INSUFFICIENT_DATA")]
    reactions = {"ALARM": _softened(on_active, emergency), "no data": _softened(on_missing, emergency)}
    found = [(a, reactions["ALARM"]) for a in active] + [(a, reactions["no data"]) for a in without_data]
    conditions = (f"{a.state} {a.name}" for a, action in found if action == "ask")
    asked = tuple(condition for condition in conditions if condition not in approved)
    reason = "; ".join(words for words in (_describe_active(active), _describe_missing(alarms)) if words)
    names = tuple(a.name for a in active)
    if "block" in (action for _, action in found):
        return Baseline("block", reason, names)
    return Baseline("ask" if asked else "clear", reason or "no alarm is in ALARM", names, asked)


def _softened(reaction: Before, emergency: bool) -> Before:
    return "ask" if emergency and reaction == "block" else reaction


def judge(
    alarms: Sequence[AlarmReading],
    probes: Sequence[Probe],
    *,
    now: str,
    until: str,
    reviewed: Sequence[str] = (),
    accepted: Accepted = NOTHING_ACCEPTED,
) -> Watch:
    """Judges the alarms and probes after a change; `now` and `until` are ISO 8601.

    A critical alarm or an unhealthy service is a breach. A warning requires a review, unless its name is in `reviewed`.
    Alarms that are `accepted` do not count.
    """
    active = [a for a in alarms if a.state == "ALARM" and not accepted.covers(a)]
    critical = [a for a in active if a.severity == "critical"]
    if critical:
        return _of_alarms("breached", critical, now)
    unhealthy = [p for p in probes if not p.healthy]
    if unhealthy:
        return Watch("breached", "; ".join(f"{p.part} is not healthy: {p.reason}" for p in unhealthy), now)
    warnings = [a for a in active if a.name not in reviewed]
    if warnings:
        return _of_alarms("review", warnings, now)
    if now >= until:
        # R1: an alarm that does not exist or has no data is named: it is no proof of health.
        without_data = _describe_missing(alarms)
        return Watch("healthy", "no alarm was in ALARM" + (f", but {without_data}" if without_data else ""))
    return Watch("watching", f"until {until}")


def _of_alarms(outcome: Literal["breached", "review"], alarms: Sequence[AlarmReading], now: str) -> Watch:
    return Watch(outcome, _describe_active(alarms), min(a.since or now for a in alarms), tuple(a.name for a in alarms))


def _describe_active(alarms: Sequence[AlarmReading]) -> str:
    return "; ".join(f"alarm {a.name} is in ALARM" + (f": {a.reason}" if a.reason else "") for a in alarms)


def _describe_missing(alarms: Sequence[AlarmReading]) -> str:
    missing = [a.name for a in alarms if a.state == "missing"]
    without_data = [a.name for a in alarms if a.state == "INSUFFICIENT_DATA"]
    found = [f"no alarm is named {', '.join(missing)}"] if missing else []
    found += [f"no data for {', '.join(without_data)}"] if without_data else []
    return "; ".join(found)
