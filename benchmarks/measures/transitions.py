"""State transitions of a release and of a watch of one day, counted in the definitions: AWS bills each.

The release is the one that docs/cost.md counts: one changed service through three environments, without a fault.
"""

from math import ceil

from benchmarks.measure import Figure, Measure, Ratio, Samples, counted
from components.stack.settings import Backstops
from statemachines.definitions import edges, load
from statemachines.diagrams import HAPPY_PATHS

_DAY_SECONDS = 86_400
_BUILD_SECONDS = 300
_WATCHES_SECONDS = (300, 300, 600)
_POLL_SECONDS = 30
# The three states that a polling loop enters each time: Wait, query, Choice.
_LOOP = 3
# https://aws.amazon.com/step-functions/pricing/ and https://aws.amazon.com/codepipeline/pricing/, of us-east-1
_USD_OF_A_TRANSITION = 0.025 / 1000
_USD_OF_AN_ACTION_MINUTE = 0.002


def states_of_a_release() -> int:
    """The states that a release through three environments enters, each once, as tests see executions do."""
    deployment = HAPPY_PATHS["deployment"]
    first = deployment.index("NextStage")
    again = deployment.index("NextStage", first + 1) - first
    stages = len(_WATCHES_SECONDS)
    return len(deployment) + again * (stages - 1) + len(HAPPY_PATHS["stage"]) * stages


def transitions_of_a_release() -> int:
    """With what the waits query while no event comes: each query after the first is a retry, which is a transition."""
    backstops = Backstops()
    waits = [
        (_BUILD_SECONDS, backstops.build_seconds),
        *((seconds, backstops.watch_seconds) for seconds in _WATCHES_SECONDS),
        (_DAY_SECONDS, backstops.enhanced_seconds),
    ]
    queries = sum(ceil(seconds / backstop) - 1 for seconds, backstop in waits)
    return states_of_a_release() + len(HAPPY_PATHS["enhanced_watch"]) + queries


def _polled() -> int:
    """The same states, in which each wait is a loop instead of one state."""
    waited = (_BUILD_SECONDS, *_WATCHES_SECONDS, _DAY_SECONDS)
    loops = sum(_LOOP * seconds // _POLL_SECONDS - 1 for seconds in waited)
    return states_of_a_release() + len(HAPPY_PATHS["enhanced_watch"]) + loops


def _action_minutes() -> float:
    """What CodePipeline would bill if a build and three watches were its actions; it has none for a day."""
    return (_BUILD_SECONDS + sum(_WATCHES_SECONDS)) / 60


def _watch(_pairs: int) -> Samples:
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


_RELEASE = "a release through three environments, watched for 5, 5 and 10 minutes and then for 24 hours,"
_ONCE = (
    f"{states_of_a_release()} states are entered once: each answer of a handler is one state, and its choice another"
)
WATCH = Measure(
    name="watch-transitions",
    promise="a watch of 24 hours waits for events",
    against="a loop that waits, reads and chooses each 30 s",
    unit="transitions",
    goal=Ratio(1 / 30),
    take=_watch,
)
RELEASE = Measure(
    name="release-transitions",
    promise=f"{_RELEASE} waits for events",
    against="the same states with loops that wait, read and choose each 30 s",
    unit="transitions",
    goal=Ratio(0.1),
    take=lambda _pairs: counted(transitions_of_a_release(), _polled()),
)
STATES = Measure(
    name="release-states",
    promise="a release through three environments takes few transitions, apart from its waits",
    against="the same with the queries of its waits",
    unit="transitions",
    goal=Figure(100),
    take=lambda _pairs: counted(states_of_a_release(), transitions_of_a_release()),
    floor=_ONCE,
)
COST = Measure(
    name="release-cost",
    promise=f"{_RELEASE} is cheap in transitions",
    against="CodePipeline V2 with an action for the build and for each watch but the last",
    unit="cents",
    goal=Figure(0.3),
    take=lambda _pairs: counted(
        round(100 * transitions_of_a_release() * _USD_OF_A_TRANSITION, 2),
        round(100 * _action_minutes() * _USD_OF_AN_ACTION_MINUTE, 2),
    ),
    floor=f"{_ONCE}; the rest is queries in case that an event is lost, most of them of the watch of 24 hours",
)
