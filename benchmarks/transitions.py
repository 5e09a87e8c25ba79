"""The state transitions of a watch of one day, counted in its definition."""

from math import ceil

from benchmarks.ratio import Ratio
from components.stack.settings import Backstops
from statemachines.definitions import edges, load

_DAY_SECONDS = 86_400
_POLL_SECONDS = 30
# The three states that a polling loop enters each time: Wait, query, Choice.
_LOOP = 3


def watch() -> Ratio:
    """Compares the waiting state, whose queries after the first are retries and transitions, with a polling loop."""
    backstop = Backstops().enhanced_seconds
    ours = _steps("enhanced_watch", "Ended") + ceil(_DAY_SECONDS / backstop) - 1
    other = _LOOP * _DAY_SECONDS // _POLL_SECONDS
    return Ratio(
        "a watch of 24 hours waits for events; a loop would poll every 30 s",
        f"{ours} transitions",
        f"{other} transitions",
        other / ours,
        30,
    )


def _steps(workflow: str, end: str) -> int:
    """The number of states on the shortest path to an end state."""
    definition = load(workflow)
    ways, steps = {definition["StartAt"]}, 1
    while end not in ways:
        ways = {target for name in ways for target in edges(definition["States"][name])}
        steps += 1
    return steps
