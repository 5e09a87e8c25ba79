"""The ways that rows are played on; which one reaches a state is found out by rehearsing them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.domain.locks import Contender
from local.faults.cards import work
from local.faults.lanes import BOARD, CALM, CAREFUL, THOROUGH, Kind
from local.faults.plays import StuckError
from local.faults.releases import Release

_LINE_SECONDS = 12
_RING_SECONDS = 2.5


def good(play: Release) -> None:
    """A release that is as it should be."""
    play.arm()
    play.see_out(play.deploy())


def bad(play: Release) -> None:
    """A release whose alarm rings as soon as it answers, until the release before it answers again."""
    play.arm()
    before = play.ground.answers(play.lane)
    rung, answered = False, 0.0

    def ring() -> None:
        nonlocal rung, answered
        answers = play.ground.answers(play.lane)
        if not answered and answers == play.commit and before != play.commit:
            answered = time.monotonic()
        # while somebody watches, so that it is heard as an event; but not for ever, if nobody does
        if answered and not rung and (play.ground.waits(play.name) or time.monotonic() - answered > _RING_SECONDS):
            rung = True
            play.lane.ring(play.ground.clients, rings=True)
        elif rung and (answers != play.commit or play.ground.running(play.name, "rollback")):
            play.lane.ring(play.ground.clients, rings=False)

    try:
        play.see_out(play.deploy(), ring)
    finally:
        play.lane.ring(play.ground.clients, rings=False)


def relapsed(play: Release) -> None:
    """A good release whose alarm rings once it is deployed, in the long watch that follows."""
    play.arm()
    rung = False

    def ring() -> None:
        nonlocal rung
        if not rung and f"watch/{play.lane.name}/{play.name}-{play.lane.name}-enhanced" in play.ground.waiting():
            rung = True
            play.lane.ring(play.ground.clients, rings=True)
        elif rung and play.ground.of_workflow(play.name, "rollback"):
            play.lane.ring(play.ground.clients, rings=False)

    try:
        play.see_out(play.deploy(), ring)
    finally:
        play.lane.ring(play.ground.clients, rings=False)


def unrecorded(play: Release) -> None:
    """A bad release whose rollback can never be recorded, wherever it is tried."""
    play.ground.plans.break_room("rollback", "RecordRollback", play.name)
    bad(play)


def stopped(play: Release) -> None:
    """A release whose stage is stopped by a person once it answers: the deployment goes back by itself."""
    play.arm()
    done = False

    def stop() -> None:
        nonlocal done
        if not done and play.ground.answers(play.lane) == play.commit:
            done = True
            for stage in play.ground.running(play.name, "stage"):
                play.ground.stop(stage)

    play.see_out(play.deploy(), stop)


def contended(play: Release) -> None:
    """A release that finds its environment taken, and waits for it."""
    play.arm()
    with_lock_held(play, play.deploy)


def undone(play: Release) -> None:
    """A release that an operator rolls back afterwards, while somebody else holds the environment."""
    play.see_out(play.deploy())
    stage = next(iter(play.ground.of_workflow(play.name, "stage")), None)
    if stage is None:
        raise StuckError(f"{play.name} has no stage to undo: {play.ground.record(play.name).get('reason')}")
    given = play.ground.given(stage)
    payload = {key: given[key] for key in ("deploymentId", "release", "environment")}
    payload |= {"reason": "an operator says so", "breachedAt": play.ground.record(play.name)["startedAt"]}
    play.arm()
    with_lock_held(play, lambda: play.ground.start("rollback", f"{play.name}-undone", payload))


def with_lock_held(play: Release, start: Callable[[], str]) -> None:
    """Hold the environment's lock until somebody waits for it, then give it on as a stage does."""
    ground, key = play.ground, f"environment/{play.lane.name}"
    holder = ground.hold(f"holder-{play.name}")
    ground.locks.request(key, Contender(holder, "holder", "", "held by a row of the matrix"))
    released = False

    def release() -> None:
        nonlocal released
        waits = [w for w in ground.locks.read(key).waiters if w.token]
        if not released and (waits or time.monotonic() > deadline):
            released = True
            ground.call("functions.stage.release_lock", {"deploymentId": "holder", "execution": holder, "key": key})

    try:
        deadline = time.monotonic() + _LINE_SECONDS
        play.see_out(start(), release)
    finally:
        ground.locks.release(key, holder)
        ground.stop(holder)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A way to play a row, and the kind of environment it needs; in a `hurried` one every wait is ended by an event."""

    name: str
    play: Callable[[Any], None]
    kind: Kind
    hurried: bool = False


# The quickest first: a state is played on the first scenario that reaches it.
SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("good", good, CALM),
        Scenario("contended", contended, CALM),
        Scenario("approved", good, CAREFUL),
        Scenario("bad", bad, CAREFUL, hurried=True),
        Scenario("stopped", stopped, CAREFUL),
        Scenario("undone", undone, CALM),
        Scenario("thorough", good, THOROUGH),
        Scenario("relapsed", relapsed, THOROUGH, hurried=True),
        Scenario("unrecorded", unrecorded, CAREFUL),
        Scenario("card", work, BOARD, hurried=True),
    )
}
