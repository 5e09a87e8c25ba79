"""A measure, the figures that it takes, and what a run of it found."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Samples:
    """Figures of ours and of the other way, taken in turns; the figures of one pair stand at the same index."""

    ours: tuple[float, ...]
    other: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ratio:
    """The goal that ours is at most so many times the other's figure."""

    at_most: float


@dataclass(frozen=True, slots=True)
class Figure:
    """The goal that ours is at most so much, in the unit of the measure."""

    at_most: float


@dataclass(frozen=True, slots=True)
class Worst:
    """The goal that ours is at most so much each time, in the unit of the measure: the largest figure counts."""

    at_most: float


@dataclass(frozen=True, slots=True)
class Measure:
    """One promise. `take` measures so many pairs; a count is the same in each run and is taken once.

    `floor` says why the goal can't be met, and what the least is; "" for a goal that is met. `on_a_platform` is of
    those that take minutes, as they start a platform.
    """

    name: str
    promise: str
    against: str
    unit: str
    goal: Ratio | Figure | Worst
    take: Callable[[int], Samples]
    floor: str = ""
    on_a_platform: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a run found: medians of both ways, and median and quartiles of the ratio of each pair."""

    name: str
    promise: str
    against: str
    unit: str
    goal: str
    floor: str
    pairs: int
    ours: float
    other: float
    ratio: float
    low: float
    high: float
    met: bool


def find(measure: Measure, pairs: int) -> Finding:
    """Take the measure, and compare it with its goal."""
    samples = measure.take(pairs)
    ratios = [mine / theirs for mine, theirs in zip(samples.ours, samples.other, strict=True)]
    ours, ratio = median(samples.ours), median(ratios)
    low, _, high = quantiles(ratios) if len(ratios) > 1 else (ratio, ratio, ratio)
    match measure.goal:
        case Ratio(at_most):
            goal, met = f"≤ {at_most:.3g} x", ratio <= at_most
        case Figure(at_most):
            goal, met = f"≤ {at_most:g} {measure.unit}", ours <= at_most
        case Worst(at_most):
            ours = max(samples.ours)
            goal, met = f"≤ {at_most:g} {measure.unit} each time", ours <= at_most
    return Finding(
        name=measure.name,
        promise=measure.promise,
        against=measure.against,
        unit=measure.unit,
        goal=goal,
        floor=measure.floor,
        pairs=len(ratios),
        ours=ours,
        other=median(samples.other),
        ratio=ratio,
        low=low,
        high=high,
        met=met,
    )


def alternate(pairs: int, ours: Callable[[], float], other: Callable[[], float]) -> Samples:
    """Take both figures in turns; the first of each fills caches and does not count."""
    ours(), other()
    taken = [(ours(), other()) for _ in range(pairs)]
    return Samples(*zip(*taken, strict=True))


def counted(ours: float, other: float) -> Samples:
    """Figures that were counted: one pair."""
    return Samples((ours,), (other,))
