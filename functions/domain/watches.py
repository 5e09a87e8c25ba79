"""Judging the alarms and probes of an environment, before and after a change, and after a rollback (R1, R2, R5)."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import field

from functions.domain.values import Value

if TYPE_CHECKING:
    from functions.domain.comparisons import Comparison

Severity = Literal["critical", "warning"]
Before = Literal["block", "ask", "ignore"]


class AlarmReading(Value, frozen=True):
    """The state of one alarm; `missing` when no alarm has the name. `since` is ISO 8601, or empty if unknown.

    `rises_after` is how long data must be bad until the alarm can enter ALARM, `clears_after` how long the alarm may
    stay in ALARM after the last bad data; seconds, 0 if unknown.
    """

    name: str
    severity: Severity
    state: Literal["OK", "ALARM", "INSUFFICIENT_DATA", "missing"]
    reason: str = ""
    since: str = ""
    rises_after: int = 0
    clears_after: int = 0


class CloudWatch(Value, frozen=True):
    """An alarm's event comes from CloudWatch of this account and region."""

    account: str
    region: str


class Monitor(Value, frozen=True):
    """An alarm's event comes from a monitor outside AWS, which reports for one environment."""

    environment: str


class AlarmChange(Value, frozen=True):
    """A change of an alarm's state, as its event reports it; `at` is ISO 8601."""

    origin: CloudWatch | Monitor
    name: str
    state: str
    reason: str
    at: str


class Probe(Value, frozen=True):
    """The result of one probe of a service; `reason` is the fault if it is not healthy."""

    part: str
    healthy: bool
    reason: str = ""


class Sampling(Value, frozen=True):
    """Which parts decide by their probes, and how many bad samples in a row are a breach.

    `own` is the name in the manifest of the release; only its parts decide. An input without it lets all parts decide.
    `bad` has the bad samples in a row of each part so far.
    """

    own: str = ""
    needed: int = 1
    bad: Mapping[str, int] = field(default_factory=dict)

    def decides(self, probe: Probe) -> bool:
        """Whether the part belongs to the release."""
        return not self.own or manifest_of(probe.part) == self.own

    def counted(self, probes: Sequence[Probe]) -> dict[str, int]:
        """The bad samples in a row of each own part, after these probes."""
        return {p.part: self.bad.get(p.part, 0) + 1 for p in probes if self.decides(p) and not p.healthy}


def manifest_of(part: str) -> str:
    """The name in the manifest that delivers a part: `hello-service` of `hello-service/hello`."""
    return part.partition("/")[0]


class Watch(Value, frozen=True):
    """The state of a watch.

    `review`: a person decides; `watching`: judge again later; `unhealthy`: sample again soon, because a part is
    unhealthy but not often enough in a row. `breached_at` is ISO 8601 and empty without a breach or warning. `alarms`
    are the names of the alarms in ALARM.
    """

    outcome: Literal["healthy", "breached", "review", "watching", "unhealthy"]
    reason: str
    breached_at: str = ""
    alarms: tuple[str, ...] = ()


class Quiet(Value, frozen=True):
    """Whether the critical alarms have left ALARM after a rollback; `in alarm`: they did not until the deadline."""

    outcome: Literal["quiet", "in alarm", "waiting"]
    reason: str = ""


class Baseline(Value, frozen=True):
    """Whether a change may begin, why, and which alarms were in ALARM before it.

    `asked` are the conditions that a person has to approve, such as `ALARM errors`. `too_slow` are the alarms that the
    watch after the change is too short for; they decide nothing. `existing` are the critical alarms that exist.
    """

    outcome: Literal["clear", "ask", "block"]
    reason: str
    in_alarm: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    too_slow: tuple[str, ...] = ()
    existing: tuple[str, ...] = ()


class Accepted(Value, frozen=True):
    """Alarms that were in ALARM before the change and were accepted.

    They count again once they enter the state ALARM after `at` (ISO 8601). `existing` are the critical alarms that
    existed then: one of them that is gone watches nothing any more.
    """

    names: tuple[str, ...] = ()
    at: str = ""
    existing: tuple[str, ...] = ()

    def covers(self, alarm: AlarmReading) -> bool:
        """Whether the alarm has been in ALARM since before `at` and was accepted."""
        return alarm.name in self.names and alarm.since <= self.at


NOTHING_ACCEPTED = Accepted()
ONE_SAMPLE = Sampling()


def baseline(
    alarms: Sequence[AlarmReading],
    on_active: Before,
    on_missing: Before,
    watch_seconds: int | None = None,
    *,
    emergency: bool = False,
    approved: Collection[str] = (),
) -> Baseline:
    """Judges the alarms before a change: `on_active` for those in ALARM, `on_missing` for those without data.

    An alarm that does not exist counts as one without data. `block` takes precedence over `ask`, `ask` over `ignore`.
    For an emergency `block` is `ask` (P8). `approved` are conditions that a person has approved before. Alarms that a
    watch of `watch_seconds` is too short for are named.
    """
    active = [a for a in alarms if a.state == "ALARM"]
    without_data = [a for a in alarms if a.state in ("missing", "INSUFFICIENT_DATA")]
    reactions = {"ALARM": _softened(on_active, emergency), "no data": _softened(on_missing, emergency)}
    found = [(a, reactions["ALARM"]) for a in active] + [(a, reactions["no data"]) for a in without_data]
    conditions = (f"{a.state} {a.name}" for a, action in found if action == "ask")
    asked = tuple(condition for condition in conditions if condition not in approved)
    words = [words for words in (_describe_active(active), _describe_missing(alarms)) if words]
    reason = "; ".join([*(words or ["no alarm is in ALARM"]), *too_slow_words(alarms, watch_seconds)])
    names, slow = tuple(a.name for a in active), tuple(a.name for a in too_slow(alarms, watch_seconds))
    if "block" in (action for _, action in found):
        return Baseline("block", reason, names, too_slow=slow)
    existing = tuple(a.name for a in alarms if a.severity == "critical" and a.state != "missing")
    return Baseline("ask" if asked else "clear", reason, names, asked, slow, existing)


def _softened(reaction: Before, emergency: bool) -> Before:
    return "ask" if emergency and reaction == "block" else reaction


def too_slow(alarms: Sequence[AlarmReading], watch_seconds: int | None) -> list[AlarmReading]:
    """The alarms that can't enter ALARM before a watch of this length ends; [] if its length is unknown."""
    return [a for a in alarms if watch_seconds is not None and 0 < a.rises_after >= watch_seconds]


def too_slow_words(alarms: Sequence[AlarmReading], watch_seconds: int | None) -> list[str]:
    """A sentence for each alarm that a watch of this length is too short for."""
    return [
        f"alarm {a.name} needs {a.rises_after} s of bad data, and the watch ends after {watch_seconds} s"
        for a in too_slow(alarms, watch_seconds)
    ]


def judge(
    alarms: Sequence[AlarmReading],
    probes: Sequence[Probe],
    *,
    now: str,
    until: str,
    reviewed: Sequence[str] = (),
    accepted: Accepted = NOTHING_ACCEPTED,
    sampling: Sampling = ONE_SAMPLE,
    comparison: "Comparison | None" = None,
    patient_until: str = "",
) -> Watch:
    """Judges the alarms and probes after a change, and the comparison at a step; times are ISO 8601.

    A critical alarm is a breach, and so is a service that was unhealthy, or a version that was worse, in enough samples
    in a row. A warning requires a review, and so does a critical alarm that was deleted, unless its name is in
    `reviewed`. Alarms that are `accepted` do not count.
    Unhealthy parts that do not decide are only named. After a bad sample of the comparison, the watch goes on beyond
    `until`, for the next one, to `patient_until`.
    """
    if critical := _critical(alarms, accepted):
        return _of_alarms("breached", critical, now)
    if comparison and comparison.bad >= sampling.needed:
        return Watch("breached", comparison.reason, now)
    bad = sampling.counted(probes)
    compared = f"; {comparison.reason}" if comparison else ""
    also = compared + "".join(f"; {words}" for words in _describe_others(probes, sampling))
    if bad:
        words = "; ".join(_describe_unhealthy(p, bad[p.part]) for p in probes if p.part in bad and not p.healthy)
        breached = max(bad.values()) >= sampling.needed
        return Watch("breached" if breached else "unhealthy", words + also, now if breached else "")
    active = [a for a in alarms if a.state == "ALARM" and not accepted.covers(a)]
    gone = [a for a in alarms if a.state == "missing" and a.name in accepted.existing and a.name not in reviewed]
    if gone:
        words = "; ".join(f"critical alarm {a.name} was deleted after the release began" for a in gone)
        return Watch("review", words, now, tuple(a.name for a in gone))
    warnings = [a for a in active if a.name not in reviewed]
    if warnings:
        return _of_alarms("review", warnings, now)
    if now >= (patient_until if comparison and comparison.bad else until):
        # R1: an alarm that does not exist or has no data is named: it is no proof of health.
        without_data = _describe_missing(alarms)
        return Watch("healthy", "no alarm was in ALARM" + (f", but {without_data}" if without_data else "") + also)
    return Watch("watching", f"until {until}{also}")


def quiet(alarms: Sequence[AlarmReading], *, now: str, until: str, accepted: Accepted = NOTHING_ACCEPTED) -> Quiet:
    """Judges the critical alarms after a rollback; `now` and `until`, the deadline, are ISO 8601."""
    active = _critical(alarms, accepted)
    if not active:
        return Quiet("quiet")
    names = ", ".join(a.name for a in active)
    if now < until:
        return Quiet("waiting", f"until {until} for {names}")
    still = (f"alarm {a.name} is still in ALARM at {now}" + (f": {a.reason}" if a.reason else "") for a in active)
    return Quiet("in alarm", "; ".join(still) + ". Check its cause")


def clear_after(alarms: Sequence[AlarmReading], most: float, accepted: Accepted = NOTHING_ACCEPTED) -> float:
    """The seconds after which the critical alarms should have left ALARM, at most `most`.

    An alarm whose evaluation range is unknown may take all of it.
    """
    return min(most, max((a.clears_after or most for a in _critical(alarms, accepted)), default=0.0))


def judge_health(probes: Sequence[Probe], sampling: Sampling) -> tuple[Literal["healthy", "unhealthy"], str]:
    """Whether the parts that decide are healthy in these probes, and the unhealthy parts, also of others."""
    bad = [_describe_unhealthy(p, 1) for p in probes if not p.healthy and sampling.decides(p)]
    return "unhealthy" if bad else "healthy", "; ".join((*bad, *_describe_others(probes, sampling)))


def _critical(alarms: Sequence[AlarmReading], accepted: Accepted) -> list[AlarmReading]:
    return [a for a in alarms if a.state == "ALARM" and a.severity == "critical" and not accepted.covers(a)]


def _describe_unhealthy(probe: Probe, times: int) -> str:
    often = f" in {times} samples in a row" if times > 1 else ""
    return f"{probe.part} is not healthy{often}: {probe.reason}"


def _describe_others(probes: Sequence[Probe], sampling: Sampling) -> list[str]:
    return [
        f"{p.part}, which another repository delivers, is not healthy: {p.reason}"
        for p in probes
        if not p.healthy and not sampling.decides(p)
    ]


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
