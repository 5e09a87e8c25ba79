"""State transitions of a watch of one day, counted in its definition: AWS bills each."""

from math import ceil

from benchmarks.measure import Measure, Ratio, Samples, counted
from components.stack.settings import Backstops
from statemachines.definitions import edges, load

_DAY_SECONDS = 86_400
_POLL_SECONDS = 30
# The three states that a polling loop enters each time: Wait, query, Choice.
_LOOP = 3


def _take(_pairs: int) -> Samples:
    """The waiting state, whose queries after the first are retries, which are transitions, and a polling loop."""
    ours = _steps("enhanced_watch", "Ended") + ceil(_DAY_SECONDS / Backstops().enhanced_seconds) - 1
    return counted(ours, _LOOP * _DAY_SECONDS // _POLL_SECONDS)


def _steps(workflow: str, end: str) -> int:
    """The number of states on the shortest path to an end state."""
    definition = load(workflow)
    ways, steps = {definition["StartAt"]}, 1
    while end not in ways:
        ways = {target for name in ways for target in edges(definition["States"][name])}
        steps += 1
    return steps


MEASURE = Measure(
    name="watch-transitions",
    promise="a watch of 24 hours waits for events",
    against="a loop that waits, reads and chooses each 30 s",
    unit="transitions",
    goal=Ratio(1 / 30),
    take=_take,
)
