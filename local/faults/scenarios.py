"""The ways of a release that rows are played on; which one reaches a state is found out by rehearsing them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from functions.domain.locks import Contender
from local.faults.ground import Ground
from local.faults.lanes import CALM, CAREFUL, Kind, Lane
from local.faults.plans import Row

PATIENCE_SECONDS = 180
_PAUSE = 0.15
_LINE_SECONDS = 12
_RING_SECONDS = 2.5
_SETTLE_SECONDS = 8


class StuckError(RuntimeError):
    """An execution did not end in time; the text says where it stood."""


@dataclass
class Play:
    """One release on its way, with the fault that waits for it."""

    ground: Ground
    lane: Lane
    commit: str
    name: str
    row: Row | None = None

    def deploy(self) -> str:
        """Start the deployment of the commit."""
        given = {
            "repository": self.lane.repository,
            "ref": "refs/heads/main",
            "commit": self.commit,
            "trigger": "operator",
        }
        return self.ground.start("deployment", self.name, given)

    def arm(self) -> None:
        """From now on the row's fault may strike."""
        if self.row:
            self.ground.plans.write(self.row, self.name, self.ground.machines[self.row.workflow])

    def await_end(self, execution: str, look: Callable[[], None] = lambda: None) -> None:
        """Look now and then until the execution, and everything on its behalf, has ended."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.ground.status(execution) == "RUNNING" or self.ground.running(self.name):
            look()
            self._stop_nesting()
            if time.monotonic() > deadline:
                stood = {e.rpartition(":")[2]: list(self.ground.states(e))[-1] for e in self.ground.running(self.name)}
                raise StuckError(f"still running after {PATIENCE_SECONDS} s: {stood or execution}")
            time.sleep(_PAUSE)

    def _stop_nesting(self) -> None:
        """A person who stops an execution while it waits for another one, or that other one."""
        if not self.row or not self.row.nests or self.ground.plans.struck(self.name):
            return
        for execution in self.ground.running(self.name, self.row.workflow):
            if (list(self.ground.states(execution)) or [""])[-1] != self.row.state:
                continue
            nested = [e for e in self.ground.running(self.name) if _name(e).startswith(f"{_name(execution)}-")]
            if nested:
                chosen = execution if self.row.fault == "stop" else min(nested, key=len)
                self.ground.plans.strike(self.name)
                self.ground.stop(chosen)


def _name(execution: str) -> str:
    return execution.rpartition(":")[2]


def good(play: Play) -> None:
    """A release that is as it should be."""
    play.arm()
    play.await_end(play.deploy())


def bad(play: Play) -> None:
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
        play.await_end(play.deploy(), ring)
    finally:
        play.lane.ring(play.ground.clients, rings=False)


def stopped(play: Play) -> None:
    """A release whose stage is stopped by a person once it answers: the deployment goes back by itself."""
    play.arm()
    done = False

    def stop() -> None:
        nonlocal done
        if not done and play.ground.answers(play.lane) == play.commit:
            done = True
            for stage in play.ground.running(play.name, "stage"):
                play.ground.stop(stage)

    play.await_end(play.deploy(), stop)


def contended(play: Play) -> None:
    """A release that finds its environment taken, and waits for it."""
    play.arm()
    with_lock_held(play, play.deploy)


def undone(play: Play) -> None:
    """A release that an operator rolls back afterwards, while somebody else holds the environment."""
    play.await_end(play.deploy())
    stage = next(iter(play.ground.of_workflow(play.name, "stage")), None)
    if stage is None:
        raise StuckError(f"{play.name} has no stage to undo: {play.ground.record(play.name).get('reason')}")
    given = play.ground.given(stage)
    payload = {key: given[key] for key in ("deploymentId", "release", "environment")}
    payload |= {"reason": "an operator says so", "breachedAt": play.ground.record(play.name)["startedAt"]}
    play.arm()
    with_lock_held(play, lambda: play.ground.start("rollback", f"{play.name}-undone", payload))


def with_lock_held(play: Play, start: Callable[[], str]) -> None:
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
            event = {"deploymentId": "holder", "execution": holder, "environment": play.lane.name}
            ground.call("functions.stage.release_lock", event)

    try:
        deadline = time.monotonic() + _LINE_SECONDS
        play.await_end(start(), release)
    finally:
        ground.locks.release(key, holder)
        ground.stop(holder)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A way to play a row, and the kind of environment it needs; in a `hurried` one every wait is ended by an event."""

    name: str
    play: Callable[[Play], None]
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
    )
}


def settle(play: Play, found: Callable[[], list[str]]) -> list[str]:
    """Ask again until nothing is wrong, or the time is up; it counts from when all on the play's behalf has ended.

    What an end has woken (`events/execution_ended`) comes a moment after it: words, and a rollback that runs alone.
    """
    problems: list[str] = []
    began = quiet = time.monotonic()
    while time.monotonic() - quiet < _SETTLE_SECONDS:
        if not (problems := found()):
            return []
        if play.ground.running(play.name) and time.monotonic() - began < PATIENCE_SECONDS:
            quiet = time.monotonic()
        time.sleep(_PAUSE)
    return problems
