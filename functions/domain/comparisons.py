"""Comparing the new version of a part with the old one by the requests that both met in the same minutes (R3, R13).

A step of a rollout is compared in samples. A sample is what both versions have met since the last one, once each has
met enough requests. Only bad samples in a row are a breach, so one burst of errors is none.

A version that met all requests at once has none beside it. It is compared with what the version before it met in the
hour before the change.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec.structs import replace

from functions.domain.values import Value

# A latency that differs by less is noise, whatever the percentage: 3 ms instead of 2 ms.
NOTICEABLE_MS = 50.0
# CloudWatch has new figures once a minute.
SAMPLE_SECONDS = 60
# How long before a change requests count for the version before, and how long a change may take (budgets.APPLICATION).
_BEFORE = timedelta(hours=1)
_CHANGE = timedelta(minutes=10)
_MINUTE = timedelta(minutes=1)


class Metrics(Value, frozen=True):
    """Where CloudWatch has the figures of one version, by names of metrics.

    `errors` are summed. `latency_ms` is the unit of `latency` in milliseconds.
    """

    namespace: str
    requests: str
    errors: tuple[str, ...]
    latency: str
    latency_ms: float
    dimensions: Mapping[str, str]


class Limits(Value, frozen=True):
    """What makes the new version worse, and how many requests of each version make a sample.

    `error_percent`: so many percentage points more of its requests fail. `latency_percent`: its average latency is
    longer by so much.
    """

    error_percent: float
    latency_percent: float
    requests: int


class Versions(Value, frozen=True):
    """The metrics of the two versions that share the requests to a part, and the limits of their comparison."""

    new: Metrics
    old: Metrics
    limits: Limits


class Whole(Value, frozen=True):
    """The metrics of all requests to a part, whichever version answers, and the limits of its comparison."""

    metrics: tuple[Metrics, ...]
    limits: Limits


class Figures(Value, frozen=True):
    """What the requests to one version met: how many, how many failed, and the `milliseconds` that `answers` took."""

    requests: float = 0
    errors: float = 0
    answers: float = 0
    milliseconds: float = 0

    @property
    def error_percent(self) -> float:
        """The share of requests that failed."""
        return 100 * self.errors / self.requests if self.requests else 0.0

    @property
    def latency(self) -> float:
        """The average of the answers in milliseconds."""
        return self.milliseconds / self.answers if self.answers else 0.0

    def since(self, earlier: "Figures") -> "Figures":
        """What was added to earlier figures; a figure that is smaller now adds nothing."""
        return Figures(
            max(0, self.requests - earlier.requests),
            max(0, self.errors - earlier.errors),
            max(0, self.answers - earlier.answers),
            max(0, self.milliseconds - earlier.milliseconds),
        )


class Samples(Value, frozen=True):
    """The samples of a step so far: the figures at the last one, and how many bad ones there were in a row."""

    new: Figures = Figures()
    old: Figures = Figures()
    bad: int = 0


class Comparison(Value, frozen=True):
    """The result of comparing at a step; `bad` is the number of bad samples in a row.

    `no old version to compare`: the requests are not shared between two versions whose figures are known. `unread`:
    the figures may not be read.
    """

    outcome: Literal["worse", "alike", "too few requests", "no old version to compare", "unread"]
    reason: str
    bad: int = 0


NOTHING_TO_COMPARE = Comparison(
    "no old version to compare", "no version before it shares the requests, so alarms and probes decide alone"
)


def same_minutes(new: Mapping[datetime, Figures], old: Mapping[datetime, Figures]) -> tuple[Figures, Figures]:
    """The sums of both versions over the minutes in which both met requests."""
    both = [minute for minute in new if new[minute].requests and minute in old and old[minute].requests]
    return _sum(new[minute] for minute in both), _sum(old[minute] for minute in both)


def _sum(figures: Iterable[Figures]) -> Figures:
    every = list(figures)
    return Figures(
        sum(one.requests for one in every),
        sum(one.errors for one in every),
        sum(one.answers for one in every),
        sum(one.milliseconds for one in every),
    )


def around(minutes: Mapping[datetime, Figures], began: datetime, changed: datetime) -> tuple[Figures, Figures]:
    """The sums after and before a part was changed; `began` is since when the version before had run.

    Minutes in which the change may have been under way count for neither.
    """
    start = max(began, changed - _CHANGE - _BEFORE)
    old = (one for minute, one in minutes.items() if start <= minute <= changed - _CHANGE - _MINUTE)
    return _sum(one for minute, one in minutes.items() if minute >= changed), _sum(old)


def read_from(changed: datetime) -> datetime:
    """The first minute that `around` may count."""
    return changed - _CHANGE - _BEFORE


def compare_with_before(before: Samples, new: Figures, old: Figures, limits: Limits) -> tuple[Samples, Comparison]:
    """Take a sample of what a part has met since its change, against all that it met before; the samples after it.

    `new` grows, `old` does not.
    """
    added = new.since(before.new)
    if min(added.requests, old.requests) < limits.requests:
        reason = (
            f"too few requests to compare: {added.requests:.0f} after the change, {old.requests:.0f} before it, and a "
            f"sample needs {limits.requests} of each"
        )
        return before, Comparison("too few requests", reason, before.bad)
    return _judged(before, added, old, limits, Samples(new, old), ("after the change", "before it"))


def together(found: Mapping[str, Comparison]) -> Comparison | None:
    """The comparisons of several parts as one, which is as bad as the worst; None if nothing is to be said.

    A part with too few requests says nothing, unless it was worse before: few requests are usual.
    """
    told = {part: one for part, one in found.items() if one.outcome != "too few requests" or one.bad}
    if not told:
        return None
    reason = "; ".join(f"{part}: {one.reason}" for part, one in sorted(told.items()))
    worst = max(told.values(), key=lambda one: one.bad)
    return Comparison(worst.outcome, reason, worst.bad)


def compare(before: Samples, new: Figures, old: Figures, limits: Limits) -> tuple[Samples, Comparison]:
    """Take a sample of the figures of both versions since the step began, if enough was added; the samples after it."""
    added, beside = new.since(before.new), old.since(before.old)
    if min(added.requests, beside.requests) < limits.requests:
        reason = (
            f"too few requests to compare: {added.requests:.0f} with the new version, {beside.requests:.0f} with the "
            f"old one, and a sample needs {limits.requests} of each"
        )
        return before, Comparison("too few requests", reason, before.bad)
    return _judged(before, added, beside, limits, Samples(new, old), ("with the new version", "with the old one"))


def _judged(
    before: Samples, new: Figures, old: Figures, limits: Limits, after: Samples, words: tuple[str, str]
) -> tuple[Samples, Comparison]:
    """The sample of these figures; `words` say of which requests they are."""
    errors, latency = _errors(new, old, words), _latency(new, old, words)
    worse = [
        said for said, bad in ((errors, _more_errors(new, old, limits)), (latency, _slower(new, old, limits))) if bad
    ]
    bad = before.bad + 1 if worse else 0
    often = f" in {bad} samples in a row" if bad > 1 else ""
    reason = "; ".join(worse or (errors, latency)) + often
    return replace(after, bad=bad), Comparison("worse" if worse else "alike", reason, bad)


def uncompared(before: Samples, found: Comparison) -> Comparison:
    """A comparison without figures, which is no sample: the bad samples in a row stay as they were."""
    return replace(found, bad=before.bad)


def _more_errors(new: Figures, old: Figures, limits: Limits) -> bool:
    return new.error_percent - old.error_percent > limits.error_percent


def _slower(new: Figures, old: Figures, limits: Limits) -> bool:
    longer = new.latency - old.latency
    return bool(old.answers) and longer > max(old.latency * limits.latency_percent / 100, NOTICEABLE_MS)


def _errors(new: Figures, old: Figures, words: tuple[str, str]) -> str:
    return (
        f"errors {new.error_percent:.1f} % of {new.requests:.0f} requests {words[0]}, "
        f"{old.error_percent:.1f} % of {old.requests:.0f} {words[1]}"
    )


def _latency(new: Figures, old: Figures, words: tuple[str, str]) -> str:
    return f"latency {new.latency:.0f} ms {words[0]}, {old.latency:.0f} ms {words[1]}"
