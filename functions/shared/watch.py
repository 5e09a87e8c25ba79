"""Watch: leave a token for alarms, then read alarms and health; done when the time is up or something is wrong (R1)."""

from dataclasses import dataclass, field, replace

from functions.adapters.clock import Clock
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import Wait, WaitsTable
from functions.domain.environments import Environment
from functions.domain.watches import Accepted, Watch, judge
from functions.handler import Handler, decode, encode
from functions.procedures.waits import KEEP, keep


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


HANDLER = Handler(allow=(*KEEP, *EnvironmentHealth.LOOK, *TaskTokens.COMPLETE), timeout_seconds=50)


def watch(
    event: Input,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> Watch:
    """Token first, then the look: an alarm between the two is seen by one or by the other."""
    key = watch_key(event.environment.name, event.execution)
    known = waits.find(key)
    facts = {
        **(known.facts if known else {}),
        "environment": encode(event.environment),
        "until": event.until,
        "reviewed": event.reviewed,
        "accepted": encode(event.accepted),
        "gone": event.gone,
    }
    wait = Wait(key, event.task_token, event.execution, event.environment.name, facts)
    if not keep(wait, waits, executions, clock):
        over = Watch("watching", f"{event.execution} has ended, and watches nothing any more")
        tokens.succeed(event.task_token, over)
        return over
    seen = failed_before(wait) or judge(
        health.alarms(event.environment, event.gone),
        health.probes(event.environment, event.gone),
        now=clock.text(),
        until=event.until,
        reviewed=event.reviewed,
        accepted=event.accepted,
    )
    remember(wait, seen, waits, clock)
    if seen.outcome != "watching":
        tokens.succeed(event.task_token, seen)
        waits.forget(key)
    return seen


def failed_before(wait: Wait) -> Watch | None:
    """The breach that was seen but could not be told: a watch that failed once stays failed (R1)."""
    return decode(Watch, wait.facts["failed"]) if "failed" in wait.facts else None


def remember(wait: Wait, seen: Watch, waits: WaitsTable, clock: Clock) -> None:
    """Keep a breach until it was told; nothing else needs keeping."""
    if seen.outcome == "breached" and "failed" not in wait.facts:
        waits.store(replace(wait, facts={**wait.facts, "failed": encode(seen)}), clock.now())


def watch_key(environment: str, execution: str) -> str:
    """Where a watch is kept."""
    return f"watch/{environment}/{execution.rsplit(':', 1)[-1]}"
