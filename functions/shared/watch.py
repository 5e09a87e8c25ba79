"""Watch: store the task token for alarms, then read alarms and health; ends by a breach or when the time is up (R1)."""

from dataclasses import dataclass, field

from functions.adapters.clock import Clock
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.environments import Environment
from functions.domain.manifests import Part
from functions.domain.waits import Wait, WatchFacts, WatchKey
from functions.domain.watches import Accepted, Sampling, Watch, judge
from functions.handler import Handler, decode, encode
from functions.procedures.waits import KEEP, keep
from functions.procedures.watches import remember


@dataclass(frozen=True, slots=True)
class Input:
    """The environment to watch until a time (ISO 8601).

    A person has reviewed the `reviewed` warnings. The `accepted` alarms were in ALARM before the release changed
    anything. `gone` are parts that the manifest no longer names. `own` is the name in the release's manifest: its parts
    decide, unhealthy parts of other manifests are only named. Alarms are read of `repository`, that of the release.
    `paused` is the part whose rollout is paused at a step, as the release defines it; null in the watch of a whole
    release.
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


HANDLER = Handler(allow=(*KEEP, *EnvironmentHealth.READ, *TaskTokens.COMPLETE), timeout_seconds=50)


def watch(
    event: Input,
    waits: WaitsTable,
    health: EnvironmentHealth,
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
    )
    wait = Wait(key, event.task_token, event.execution, event.environment.name, encode(facts))
    if not keep(wait, waits, executions, clock):
        over = Watch("watching", f"{event.execution} has ended and no longer watches")
        tokens.succeed(event.task_token, over)
        return over
    sampling = Sampling(event.own, event.environment.unhealthy_samples, facts.bad)
    alarms = health.alarms(event.environment, event.repository, event.gone, event.paused)
    probes = health.probes(event.environment, event.gone)
    found = facts.failed or judge(
        alarms,
        probes,
        now=clock.text(),
        until=event.until,
        reviewed=event.reviewed,
        accepted=event.accepted,
        sampling=sampling,
    )
    if (bad := sampling.counted(probes)) != facts.bad:
        waits.note_fact(key, "bad", bad)
    remember(key, found, waits)
    # After `unhealthy` the wait is kept: an alarm's event before the next sample records its breach there.
    if found.outcome != "watching" and tokens.succeed(event.task_token, found) and found.outcome != "unhealthy":
        waits.forget(key)
    return found
