"""Datapoints in memory, and the statistics CloudWatch computes from them."""

from __future__ import annotations

import math
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Metric:
    """A metric: namespace, name and exactly these dimensions."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Point:
    """One value of a metric at a time (seconds since 1970)."""

    metric: Metric
    time: float
    value: float


class MetricStore:
    """Keeps points for a day; one thread may write while others read."""

    def __init__(self) -> None:
        self._points: defaultdict[Metric, deque[tuple[float, float]]] = defaultdict(deque)
        self._lock = threading.Lock()

    def __contains__(self, metric: object) -> bool:
        with self._lock:
            return metric in self._points

    def add(self, points: Iterable[Point]) -> None:
        """Add points, and drop those older than a day."""
        with self._lock:
            for point in points:
                kept = self._points[point.metric]
                kept.append((point.time, point.value))
                while kept and kept[0][0] < point.time - KEPT_SECONDS:
                    kept.popleft()

    def series(self, metric: Metric, statistic: str, period: int, start: float) -> dict[int, float]:
        """Return the statistic of every period that begins at or after `start` and has data, by its begin."""
        buckets: defaultdict[int, list[float]] = defaultdict(list)
        with self._lock:
            for time, value in self._points.get(metric, ()):
                if time >= start:
                    buckets[int(time // period) * period].append(value)
        return {begin: statistic_of(values, statistic) for begin, values in sorted(buckets.items())}


def statistic_of(values: Sequence[float], statistic: str) -> float:
    """Return Average, Sum, Minimum, Maximum, SampleCount or a percentile such as p99.9 of some values."""
    if statistic in PLAIN:
        return PLAIN[statistic](values)
    if statistic[:1] in {"p", "P"}:
        return percentile(values, float(statistic[1:]))
    raise ValueError(f"statistic {statistic!r} is not supported here; use {', '.join(PLAIN)} or a percentile")


PLAIN: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Average": lambda values: math.fsum(values) / len(values),
    "Sum": math.fsum,
    "Minimum": min,
    "Maximum": max,
    "SampleCount": lambda values: float(len(values)),
}


def percentile(values: Sequence[float], percent: float) -> float:
    """The percentile, interpolated linearly between the two nearest ranks."""
    ordered = sorted(values)
    rank = (len(ordered) - 1) * percent / 100
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)
