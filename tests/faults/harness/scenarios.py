"""The ways that cases are run on; which one reaches a state is found out by rehearsing them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.domain.locks import Contender
from tests.faults.harness.cards import work
from tests.faults.harness.releases import Release
from tests.faults.harness.runs import StuckError
from tests.faults.harness.subjects import BOARD, CALM, CAREFUL, THOROUGH, Kind

_LINE_SECONDS = 12
_RING_SECONDS = 2.5


def good(run: Release) -> None:
    """A release that is as it should be."""
    run.arm()
    run.see_out(run.deploy())


def bad(run: Release) -> None:
    """A release whose alarm rings as soon as it answers, until the release before it answers again."""
    run.arm()
    before = run.env.answers(run.subject)
    rung, answered = False, 0.0

    def ring() -> None:
        nonlocal rung, answered
        answers = run.env.answers(run.subject)
        if not answered and answers == run.commit and before != run.commit:
            answered = time.monotonic()
        # while somebody watches, so that it is heard as an event; but not for ever, if nobody does
        if answered and not rung and (run.env.waits(run.name) or time.monotonic() - answered > _RING_SECONDS):
            rung = True
            run.subject.ring(run.env.clients, rings=True)
        elif rung and (answers != run.commit or run.env.running(run.name, "rollback")):
            run.subject.ring(run.env.clients, rings=False)

    try:
        run.see_out(run.deploy(), ring)
    finally:
        run.subject.ring(run.env.clients, rings=False)


def relapsed(run: Release) -> None:
    """A good release whose alarm rings once it is deployed, in the long watch that follows."""
    run.arm()
    rung = False

    def ring() -> None:
        nonlocal rung
        if not rung and f"watch/{run.subject.name}/{run.name}-{run.subject.name}-enhanced" in run.env.waiting():
            rung = True
            run.subject.ring(run.env.clients, rings=True)
        elif rung and run.env.of_workflow(run.name, "rollback"):
            run.subject.ring(run.env.clients, rings=False)

    try:
        run.see_out(run.deploy(), ring)
    finally:
        run.subject.ring(run.env.clients, rings=False)


def unrecorded(run: Release) -> None:
    """A bad release whose rollback can never be recorded, wherever it is tried."""
    run.env.plans.break_handler("rollback", "RecordRollback", run.name)
    bad(run)


def stopped(run: Release) -> None:
    """A release whose stage is stopped by a person once it answers: the deployment goes back by itself."""
    run.arm()
    done = False

    def stop() -> None:
        nonlocal done
        if not done and run.env.answers(run.subject) == run.commit:
            done = True
            for stage in run.env.running(run.name, "stage"):
                run.env.stop(stage)

    run.see_out(run.deploy(), stop)


def contended(run: Release) -> None:
    """A release that finds its environment taken, and waits for it."""
    run.arm()
    with_lock_held(run, run.deploy)


def undone(run: Release) -> None:
    """A release that an operator rolls back afterwards, while somebody else holds the environment."""
    run.see_out(run.deploy())
    stage = next(iter(run.env.of_workflow(run.name, "stage")), None)
    if stage is None:
        raise StuckError(f"{run.name} has no stage to undo: {run.env.record(run.name).get('reason')}")
    given = run.env.given(stage)
    payload = {key: given[key] for key in ("deploymentId", "release", "environment")}
    payload |= {"reason": "an operator says so", "breachedAt": run.env.record(run.name)["startedAt"]}
    run.arm()
    with_lock_held(run, lambda: run.env.start("rollback", f"{run.name}-undone", payload))


def with_lock_held(run: Release, start: Callable[[], str]) -> None:
    """Hold the environment's lock until somebody waits for it, then give it on as a stage does."""
    env, key = run.env, f"environment/{run.subject.name}"
    holder = env.hold(f"holder-{run.name}")
    env.locks.request(key, Contender(holder, "holder", "", "held by a case of the matrix"))
    released = False

    def release() -> None:
        nonlocal released
        waits = [w for w in env.locks.read(key).waiters if w.token]
        if not released and (waits or time.monotonic() > deadline):
            released = True
            env.call("functions.shared.release_lock", {"deploymentId": "holder", "execution": holder, "key": key})

    try:
        deadline = time.monotonic() + _LINE_SECONDS
        run.see_out(start(), release)
    finally:
        env.locks.release(key, holder)
        env.stop(holder)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A way to run a case, and the kind of environment it needs; in a `hurried` one every wait is ended by an event."""

    name: str
    run: Callable[[Any], None]
    kind: Kind
    hurried: bool = False


# The quickest first: a state is run on the first scenario that reaches it.
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
