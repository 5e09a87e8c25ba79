"""Watch: store the task token for alarms, then read alarms and health; ends by a breach or when the time is up (R1)."""

from dataclasses import dataclass, field

from functions.adapters.clock import Clock
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.environments import Environment
from functions.domain.waits import Wait, WatchFacts, WatchKey
from functions.domain.watches import Accepted, Watch, judge
from functions.handler import Handler
from functions.procedures.waits import KEEP, keep
from functions.procedures.watches import failed_before, remember, watch_facts


@dataclass(frozen=True, slots=True)
class Input:
    """The environment to watch until a time (ISO 8601).

    A person has reviewed the `reviewed` warnings. The `accepted` alarms were in ALARM before the release changed
    anything. `gone` are parts that the manifest no longer names.
    """

    task_token: str
    execution: str
    deployment_id: str
    environment: Environment
    until: str
    reviewed: list[str] = field(default_factory=list)
    accepted: Accepted = field(default_factory=Accepted)
    gone: list[str] = field(default_factory=list)


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
    facts = WatchFacts(
        event.environment,
        event.until,
        event.reviewed,
        event.accepted,
        event.gone,
        failed_before(known) if known else None,
    )
    wait = Wait(key, event.task_token, event.execution, event.environment.name, watch_facts(facts))
    if not keep(wait, waits, executions, clock):
        over = Watch("watching", f"{event.execution} has ended and no longer watches")
        tokens.succeed(event.task_token, over)
        return over
    found = facts.failed or judge(
        health.alarms(event.environment, event.gone),
        health.probes(event.environment, event.gone),
        now=clock.text(),
        until=event.until,
        reviewed=event.reviewed,
        accepted=event.accepted,
    )
    remember(wait, found, waits, clock)
    if found.outcome != "watching":
        tokens.succeed(event.task_token, found)
        waits.forget(key)
    return found
