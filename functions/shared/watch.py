"""Watch: leave a token for alarms, then read alarms and health; done when the time is up or something is wrong (R1)."""

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
    """What is watched until when (ISO 8601).

    `reviewed` warnings were looked at, `accepted` alarms rang before; `gone` are parts that the release leaves behind.
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
    """Token first, then the reading: an alarm between the two is seen by one or by the other."""
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
        over = Watch("watching", f"{event.execution} has ended, and watches nothing any more")
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
