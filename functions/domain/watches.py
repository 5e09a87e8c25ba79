"""Watching an environment after a change: what is seen, and what follows (R1, R2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning"]
Before = Literal["block", "ask", "ignore"]


@dataclass(frozen=True, slots=True)
class AlarmReading:
    """One alarm as CloudWatch tells it; `missing` when no alarm has that name. `since` is ISO 8601."""

    name: str
    severity: Severity
    state: Literal["OK", "ALARM", "INSUFFICIENT_DATA", "missing"]
    reason: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """One look at a service: whether it answered well, and what was wrong if not."""

    part: str
    healthy: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """The state of a watch. `review` means a person decides; `watching` means: ask again."""

    outcome: Literal["healthy", "breached", "review", "watching"]
    reason: str
    breached_at: str = ""
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """What stood before a change: whether it may begin, why, and which alarms rang already."""

    outcome: Literal["clear", "ask", "block"]
    reason: str
    ringing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Alarms that rang before the change and were let pass; they count again once they ring anew after `at`."""

    names: tuple[str, ...] = ()
    at: str = ""

    def covers(self, alarm: AlarmReading) -> bool:
        """Whether this is the ringing that was let pass."""
        return alarm.name in self.names and alarm.since <= self.at


NOTHING_ACCEPTED = Accepted()


def baseline(alarms: Sequence[AlarmReading], if_ringing: Before, if_blind: Before) -> Baseline:
    """What follows from alarms that ring, or that nobody could hear, before anything was changed."""
    ringing = [a for a in alarms if a.state == "ALARM"]
    blind = _blind_words(alarms)
    wants = ({if_ringing} if ringing else set()) | ({if_blind} if blind else set())
    said = "; ".join(words for words in (_ring(ringing), blind) if words)
    names = tuple(a.name for a in ringing)
    if "block" in wants:
        return Baseline("block", said, names)
    return Baseline("ask" if "ask" in wants else "clear", said or "no alarm rings", names)


def judge(
    alarms: Sequence[AlarmReading],
    probes: Sequence[Probe],
    *,
    now: str,
    until: str,
    reviewed: Sequence[str] = (),
    accepted: Accepted = NOTHING_ACCEPTED,
) -> Watch:
    """What a look at alarms and services means; warnings a person has already `reviewed` are not asked about again."""
    ringing = [a for a in alarms if a.state == "ALARM" and not accepted.covers(a)]
    critical = [a for a in ringing if a.severity == "critical"]
    if critical:
        return _rung("breached", critical, now)
    sick = [p for p in probes if not p.healthy]
    if sick:
        return Watch("breached", "; ".join(f"{p.part} is not healthy: {p.reason}" for p in sick), now)
    warnings = [a for a in ringing if a.name not in reviewed]
    if warnings:
        return _rung("review", warnings, now)
    if now >= until:
        return Watch("healthy", _blind(alarms) or "no alarm rang")
    return Watch("watching", f"until {until}")


def _rung(outcome: Literal["breached", "review"], alarms: Sequence[AlarmReading], now: str) -> Watch:
    return Watch(outcome, _ring(alarms), min(a.since or now for a in alarms), tuple(a.name for a in alarms))


def _ring(alarms: Sequence[AlarmReading]) -> str:
    return "; ".join(f"alarm {a.name} rings: {a.reason}" if a.reason else f"alarm {a.name} rings" for a in alarms)


def _blind(alarms: Sequence[AlarmReading]) -> str:
    """R1: an alarm that does not exist or has no data is named, never taken for good news in silence."""
    words = _blind_words(alarms)
    return f"no alarm rang, but {words}" if words else ""


def _blind_words(alarms: Sequence[AlarmReading]) -> str:
    missing = [a.name for a in alarms if a.state == "missing"]
    dark = [a.name for a in alarms if a.state == "INSUFFICIENT_DATA"]
    said = [f"no alarm is named {', '.join(missing)}"] if missing else []
    said += [f"no data for {', '.join(dark)}"] if dark else []
    return "; ".join(said)
