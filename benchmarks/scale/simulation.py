"""The days of a stack, one after the other: what it adds, what expires, and what must not."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.scale.traffic import BOUNDED, OBJECTS, ROWS, TTL_DAYS, Kept, Traffic


@dataclass(frozen=True, slots=True)
class Day:
    """The rows and bytes of each kind at the end of a day."""

    number: int
    rows: dict[Kept, int]
    objects: dict[Kept, int]
    bounded: int

    def bytes_of(self, kind: Kept) -> int:
        """The bytes of all rows or objects of a kind."""
        return (self.rows | self.objects)[kind] * kind.size


def days(traffic: Traffic) -> Iterator[Day]:
    """Day after day, without end: what was added on a day is gone when its days are over."""
    number = 0
    bounded = sum(kind.rows(traffic) for kind in BOUNDED)
    while True:
        number += 1
        yield Day(
            number,
            {kind: _there(kind, number, traffic, TTL_DAYS) for kind in ROWS},
            {kind: _there(kind, number, traffic, 1) for kind in OBJECTS},
            bounded,
        )


def _there(kind: Kept, number: int, traffic: Traffic, late: int) -> int:
    lived = number if kind.days is None else min(number, kind.days + late)
    return lived * kind.a_day(traffic)


def ages_of_what_is_good(expiry: int, renewed_at: int, until: int) -> Iterator[int]:
    """The age in days of an artifact that stays good, day after day, while it is written anew once it is old.

    It ends when the artifact has expired.
    """
    age = 0
    for _ in range(until):
        age += 1
        if age >= expiry:
            return
        yield age
        if age > renewed_at:
            age = 0
