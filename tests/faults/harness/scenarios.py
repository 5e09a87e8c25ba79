"""The scenarios of fault cases; rehearsals find out which scenario reaches which state."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.domain.locks import Contender
from tests.faults.harness.cards import work
from tests.faults.harness.releases import Release
from tests.faults.harness.runs import StuckError
from tests.faults.harness.subjects import BOARD, CALM, CAREFUL, ROLLED, THOROUGH, Kind

_QUEUE_SECONDS = 12
_ALARM_SECONDS = 2.5


def good(run: Release) -> None:
    """A good release."""
    run.arm()
    run.finish(run.deploy())


def bad(run: Release) -> None:
    """A release whose alarm is in ALARM from its first answer until its rollback waits for the alarm."""
    run.arm()
    before = run.subject.answers()
    alarm_set, answered = False, 0.0

    def change_alarm() -> None:
        nonlocal alarm_set, answered
        answers = run.subject.answers()
        if not answered and answers == run.commit and before != run.commit:
            answered = time.monotonic()
        # set during a watch, so that an event ends the watch; without a watch, after some time
        if answered and not alarm_set and (run.env.waits(run.name) or time.monotonic() - answered > _ALARM_SECONDS):
            alarm_set = True
            run.subject.set_alarm(run.env.clients, on=True)
        elif alarm_set and _is_awaited(run):
            run.subject.set_alarm(run.env.clients, on=False)

    try:
        run.finish(run.deploy(), change_alarm)
    finally:
        run.subject.set_alarm(run.env.clients, on=False)


def _is_awaited(run: Release) -> bool:
    """Whether a rollback waits for the alarm of the subject; the event of its end then ends the wait."""
    return any(key.startswith(f"alarms/{run.subject.name}/") for key in run.env.waiting())


def relapsed(run: Release) -> None:
    """A good release whose alarm changes to ALARM in the enhanced watch."""
    run.arm()
    alarm_set = False

    def change_alarm() -> None:
        nonlocal alarm_set
        if not alarm_set and f"watch/{run.subject.name}/{run.name}-{run.subject.name}-enhanced" in run.env.waiting():
            alarm_set = True
            run.subject.set_alarm(run.env.clients, on=True)
        elif alarm_set and _is_awaited(run):
            run.subject.set_alarm(run.env.clients, on=False)

    try:
        run.finish(run.deploy(), change_alarm)
    finally:
        run.subject.set_alarm(run.env.clients, on=False)


def unrecorded(run: Release) -> None:
    """A bad release whose rollbacks can never be recorded."""
    run.env.plans.break_handler("rollback", "RecordRollback", run.name)
    bad(run)


def stopped(run: Release) -> None:
    """A release whose stage is stopped by a person once it answers; the deployment rolls it back by itself."""
    run.arm()
    done = False

    def stop() -> None:
        nonlocal done
        if not done and run.subject.answers() == run.commit:
            done = True
            for stage in run.env.running(run.name, "stage"):
                run.env.stop(stage)

    run.finish(run.deploy(), stop)


def unstarted(run: Release) -> None:
    """A release whose deploy project is deleted, as with its environment, before it would build there."""
    codebuild = run.env.clients.client("codebuild")
    name = run.env.platform.outputs["projects"][f"{run.subject.repository}/deploy-{run.subject.name}"]
    (project,) = codebuild.batch_get_projects(names=[name])["projects"]
    made = codebuild.meta.service_model.operation_model("CreateProject").input_shape.members
    codebuild.delete_project(name=name)
    try:
        run.arm()
        run.finish(run.deploy())
    finally:
        codebuild.create_project(**{key: value for key, value in project.items() if key in made})


def contended(run: Release) -> None:
    """A release that waits for the lock of its environment."""
    run.arm()
    with_lock_held(run, run.deploy)


def frozen(run: Release) -> None:
    """A release whose environment is frozen while it waits for the lock; it is unfrozen once the release waits."""
    run.arm()
    try:
        with_lock_held(run, run.deploy, run.freeze, run.unfreeze_if_awaited)
    finally:
        run.env.environments.freeze(run.subject.name, None)


def undone(run: Release) -> None:
    """A release that an operator rolls back afterwards, while another execution holds the environment's lock."""
    run.finish(run.deploy())
    stage = next(iter(run.env.of_workflow(run.name, "stage")), None)
    if stage is None:
        raise StuckError(f"{run.name} has no stage to roll back: {run.env.record(run.name).get('reason')}")
    given = run.env.given(stage)
    payload = {key: given[key] for key in ("deploymentId", "release", "environment")}
    payload |= {"reason": "an operator's decision", "breachedAt": run.env.record(run.name)["startedAt"]}
    run.arm()
    with_lock_held(run, lambda: run.env.start("rollback", f"{run.name}-undone", payload))


def with_lock_held(
    run: Release,
    start: Callable[[], str],
    before: Callable[[], None] = lambda: None,
    poll: Callable[[], None] = lambda: None,
) -> None:
    """Hold the environment's lock until another execution waits for it, then release it as a stage does.

    `before` is called immediately before the release of the lock, `poll` again and again.
    """
    env, key = run.env, f"environment/{run.subject.name}"
    holder = env.hold(f"holder-{run.name}")
    env.locks.request(key, Contender(holder, "holder", None, "held by a case of the matrix"))
    released = False

    def release() -> None:
        nonlocal released
        poll()
        if not released and env.status(holder) != "RUNNING":
            raise StuckError(f"nothing holds {key}: {holder.rpartition(':')[2]} has ended")
        waits = [w for w in env.locks.read(key).waiters if w.token]
        if not released and (waits or time.monotonic() > deadline):
            released = True
            before()
            env.call("functions.shared.release_lock", {"deploymentId": "holder", "execution": holder, "key": key})

    try:
        deadline = time.monotonic() + _QUEUE_SECONDS
        run.finish(start(), release)
    finally:
        env.locks.release(key, holder)
        env.stop(holder)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A way to run a case, with the kind of subject that it needs.

    With `ended_by_events`, every wait of the scenario is ended by an event and not by a backstop.
    """

    name: str
    run: Callable[[Any], None]
    kind: Kind
    ended_by_events: bool = False


# The fastest first: a case is run on the first scenario that reaches its state.
SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("good", good, CALM),
        Scenario("contended", contended, CALM),
        Scenario("unstarted", unstarted, CALM),
        Scenario("frozen", frozen, CALM),
        Scenario("approved", good, CAREFUL),
        Scenario("bad", bad, CAREFUL, ended_by_events=True),
        Scenario("stopped", stopped, CAREFUL),
        Scenario("undone", undone, CALM),
        Scenario("thorough", good, THOROUGH),
        Scenario("relapsed", relapsed, THOROUGH, ended_by_events=True),
        Scenario("unrecorded", unrecorded, CAREFUL),
        Scenario("rolled", good, ROLLED, ended_by_events=True),
        Scenario("rolled back", bad, ROLLED, ended_by_events=True),
        Scenario("card", work, BOARD, ended_by_events=True),
    )
}
