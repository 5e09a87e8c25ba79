"""Versions of functions and workflows: which of them nobody can call any more (decision 019)."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from functions.domain.times import seconds_between
from functions.domain.values import Value

# What lists executions is eventually consistent: a version is kept for a while after it was replaced.
KEPT_SECONDS = 86_400
_NAMED = re.compile(r"arn:[\w-]+:(?:lambda:[\w-]*:\d*:function|states:[\w-]*:\d*:stateMachine):[\w-]+(?::\d+)?")


class Published(Value, frozen=True):
    """One version of a function or workflow; `arn` ends in its number, `at` (ISO 8601) is when it was published."""

    arn: str
    at: str

    @property
    def number(self) -> int:
        """Versions are numbered in the order of their publication."""
        return int(self.arn.rpartition(":")[2])


def named(definition: str) -> set[str]:
    """The ARNs of the functions and workflows that a definition (JSON) names."""
    return set(_NAMED.findall(definition))


def unneeded(versions: Sequence[Published], called: Collection[str], now: str) -> Iterator[Published]:
    """The versions of one function or workflow that can be deleted.

    Kept are those that a definition in use names (`called`, ARNs), the newest one, which an update in progress may be
    about to name, and those that were replaced within a day. `now` is ISO 8601.
    """
    for old, newer in pairwise(sorted(versions, key=lambda one: one.number)):
        if old.arn not in called and (seconds_between(newer.at, now) or 0) > KEPT_SECONDS:
            yield old
