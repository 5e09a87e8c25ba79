"""Watch: store the task token for alarms, then read alarms and health; ends by a breach or when the time is up (R1).

At a step of a rollout, the new version is also compared with the old one (R13). In the watch of a whole release, each
service that it changed is compared with what it met before (R3).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import field

from functions.adapters.clock import Clock
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.version_figures import VersionFigures
from functions.adapters.waits_table import WaitsTable
from functions.domain.environments import Environment, PartState
from functions.domain.manifests import Part
from functions.domain.rollouts import Rollout
from functions.domain.values import Value
from functions.domain.waits import Wait, WatchFacts, WatchKey
from functions.domain.watches import Accepted, Sampling, Watch, judge
from functions.handler import Handler, decode, encode
from functions.procedures.waits import KEEP, keep
from functions.procedures.watches import remember

if TYPE_CHECKING:
    from functions.domain.comparisons import Comparison


class Input(Value, frozen=True):
    """The environment to watch until a time (ISO 8601).

    A person has reviewed the `reviewed` warnings. The `accepted` alarms were in ALARM before the release changed
    anything. `gone` are parts that the manifest no longer names. `own` is the name in the release's manifest: its parts
    decide, unhealthy parts of other manifests are only named. Alarms are read of `repository`, that of the release.
    `paused` is the part whose `rollout` is paused at a step, as the release defines it, and `since` is when its first
    step began; null in the watch of a whole release.
    """

    task_token: str
    execution: str
    deployment_id: str
    environment: Environment
    until: str
    reviewed: list[str] = field(default_factory=list)
    accepted: Accepted = field(default_factory=Accepted)
    gone: list[str] = field(default_factory=list)
    own: str = ""
    repository: str = ""
    paused: Part | None = None
    rollout: Rollout | None = None
    since: str = ""


HANDLER = Handler(
    allow=(*KEEP, *EnvironmentHealth.READ, *VersionFigures.READ, *TaskTokens.COMPLETE), timeout_seconds=50
)


def watch(
    event: Input,
    waits: WaitsTable,
    health: EnvironmentHealth,
    environments: EnvironmentsTable,
    figures: VersionFigures,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> Watch:
    """Store the token, then read the alarms: the event or the reading notices an alarm between the two."""
    key = WatchKey(event.environment.name, event.execution.rsplit(":", 1)[-1])
    known = waits.find(key)
    before = decode(WatchFacts, known.facts) if known else None
    facts = WatchFacts(
        event.environment,
        event.until,
        event.reviewed,
        event.accepted,
        event.gone,
        before.failed if before else None,
        before.bad if before else {},
        event.repository,
        event.paused,
        before.samples if before else {},
    )
    wait = Wait(key, event.task_token, event.execution, event.environment.name, encode(facts))
    if not keep(wait, waits, executions, clock):
        over = Watch("watching", f"{event.execution} has ended and no longer watches")
        tokens.succeed(event.task_token, over)
        return over
    sampling = Sampling(event.own, event.environment.unhealthy_samples, facts.bad)
    alarms = health.alarms(event.environment, event.repository, event.gone, event.paused)
    probes = health.probes(event.environment, event.gone)
    comparison, patient_until = _compare(event, facts, waits, key, environments, figures, clock)
    found = facts.failed or judge(
        alarms,
        probes,
        now=clock.text(),
        until=event.until,
        reviewed=event.reviewed,
        accepted=event.accepted,
        sampling=sampling,
        comparison=comparison,
        patient_until=patient_until,
    )
    if (bad := sampling.counted(probes)) != facts.bad:
        waits.note_fact(key, "bad", bad)
    remember(key, found, waits)
    # After `unhealthy` the wait is kept: an alarm's event before the next sample records its breach there.
    if found.outcome != "watching" and tokens.succeed(event.task_token, found) and found.outcome != "unhealthy":
        waits.forget(key)
    return found


def _compare(
    event: Input,
    facts: WatchFacts,
    waits: WaitsTable,
    key: WatchKey,
    environments: EnvironmentsTable,
    figures: VersionFigures,
    clock: Clock,
) -> "tuple[Comparison | None, str]":
    """The comparison, whose samples are stored, and how long a bad one is waited for; None if nothing is compared."""
    at_step = event.paused is not None and event.rollout is not None
    changed = [] if at_step else list(_changed(event, environments))
    if facts.failed or not (at_step or changed):
        return None, event.until
    # Imported here: an enhanced watch, which reads for a day, compares nothing.
    from functions.procedures.comparisons import Step, patience, sample, sample_whole

    comparison: Comparison | None
    if event.paused and event.rollout:
        step = Step(event.paused, event.rollout, event.since)
        samples, comparison = sample(event.environment, step, facts.samples, figures, clock)
    else:
        samples, comparison = sample_whole(event.environment, changed, facts.samples, figures, clock)
    if samples != facts.samples:
        waits.note_fact(key, "samples", samples)
    return comparison, patience(event.until, event.environment.unhealthy_samples)


def _changed(event: Input, environments: EnvironmentsTable) -> Iterator[PartState]:
    """The parts that run another version since this deployment than the last good one.

    Once the release is good, as in the enhanced watch, there are none.
    """
    for state in environments.parts(event.environment.name).values():
        running, good = state.running, state.good
        if running is None or good is None or state.in_doubt or state.part in event.gone:
            continue
        if not (running.at and good.at):  # of a version from outside the platform, no time is known
            continue
        if running.deployment_id == event.deployment_id and running.version != good.version:
            yield state
