"""What a day's watch costs in state transitions, counted in its definition."""

from math import ceil

from benchmarks.ratio import Ratio
from components.stack.settings import Backstops
from statemachines.definitions import edges, load

_DAY_SECONDS = 86_400
_POLL_SECONDS = 30
# Wait, look, choose: the three states that a loop enters each time.
_LOOP = 3


def watch() -> Ratio:
    """Every ask after the first is a retry of the one waiting state, and a transition."""
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
    """The states on the shortest way to an end."""
    definition = load(workflow)
    ways, steps = {definition["StartAt"]}, 1
    while end not in ways:
        ways = {target for name in ways for target in edges(definition["States"][name])}
        steps += 1
    return steps
