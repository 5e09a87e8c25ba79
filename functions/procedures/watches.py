"""Waits that an alarm ends: watches of an environment, and requests for approval (R1, A4)."""

from dataclasses import replace
from typing import Any, assert_never

from functions.adapters.clock import Clock
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environment_names import EnvironmentNames
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import decided
from functions.domain.waits import ApprovalFacts, ApprovalKey, BuildKey, Wait, WatchFacts, WatchKey
from functions.domain.watches import AlarmReading, Watch, judge
from functions.handler import Allow, decode, encode

END: tuple[Allow, ...] = (*WaitsTable.READ, *WaitsTable.WRITE, *EnvironmentHealth.READ, *TaskTokens.COMPLETE)


def watch_facts(facts: WatchFacts) -> dict[str, Any]:
    """The facts of a watch as its wait holds them; a breach only once there is one."""
    return {key: value for key, value in encode(facts).items() if key != "failed" or value}


def failed_before(wait: Wait) -> Watch | None:
    """The breach that was found but could not be handed on: a watch that failed once stays failed (R1)."""
    return decode(Watch, wait.facts["failed"]) if wait.facts.get("failed") else None


def remember(wait: Wait, found: Watch, waits: WaitsTable, clock: Clock) -> None:
    """Keep a breach until it was handed on; nothing else needs keeping."""
    if found.outcome == "breached" and failed_before(wait) is None:
        waits.store(replace(wait, facts={**wait.facts, "failed": encode(found)}), clock.now())


def end_concerned(
    alarm: AlarmReading,
    names: EnvironmentNames,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    clock: Clock,
) -> list[str]:
    """An alarm's event only hurries: each wait it concerns reads the alarms itself, and ends if they say so.

    Answers the keys of the waits that ended; one that can't be judged does not keep the others, and is raised at last.
    """
    concerned = (wait for name in names.names for wait in waits.of_environment(name))
    ended: list[str] = []
    blind: list[str] = []
    failed: list[Exception] = []
    for wait in concerned:
        try:
            if _end(wait, alarm, waits, health, tokens, clock):
                ended.append(str(wait.key))
        except Exception as error:  # one wait that can't be read does not keep the others
            failed.append(error)
            blind.append(str(wait.key))
    if failed:
        raise ExceptionGroup(f"{alarm.name}: alarms could not be read for {', '.join(blind)}", failed)
    return ended


def _end(
    wait: Wait,
    alarm: AlarmReading,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    clock: Clock,
) -> bool:
    match wait.key:
        case WatchKey():
            return _end_watch(wait, alarm, waits, health, tokens, clock)
        case ApprovalKey(approval_id):
            return _void(approval_id, wait, alarm, waits, health, tokens)
        case BuildKey():
            return False
        case _:
            assert_never(wait.key)


def _end_watch(
    wait: Wait,
    alarm: AlarmReading,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    clock: Clock,
) -> bool:
    facts = decode(WatchFacts, wait.facts)
    if alarm.name not in {name for names in health.alarm_names(facts.environment, facts.gone) for name in names}:
        return False
    found = facts.failed or judge(
        [_heard(reading, alarm) for reading in health.alarms(facts.environment, facts.gone)],
        (),
        now=clock.text(),
        until=facts.until,
        reviewed=facts.reviewed,
        accepted=facts.accepted,
    )
    if found.outcome not in ("breached", "review"):
        return False
    remember(wait, found, waits, clock)
    tokens.succeed(wait.token, found)
    waits.forget(wait.key)
    return True


def _heard(reading: AlarmReading, notified: AlarmReading) -> AlarmReading:
    """An alarm that was in ALARM and is quiet again by the time it is read counts all the same (Q1)."""
    if reading.name != notified.name or notified.state != "ALARM" or reading.state == "ALARM":
        return reading
    return replace(reading, state="ALARM", reason=notified.reason, since=notified.since)


def _void(
    approval_id: str,
    wait: Wait,
    alarm: AlarmReading,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
) -> bool:
    """A release that waits for its approval does not go into an environment that is burning."""
    approval, environment = waits.approval(approval_id), decode(ApprovalFacts, wait.facts).environment
    if approval is None or approval.state != "open" or environment is None:
        return False
    critical = health.alarm_names(environment)[0]
    active = [a for a in health.alarms(environment) if a.name in critical and a.state == "ALARM"]
    if alarm.name not in critical or not active:
        return False
    void = replace(approval, state="void", reason=f"alarm {alarm.name} is in ALARM in {environment.name}")
    if waits.decide(void):
        tokens.succeed(wait.token, decided(void))
    return True
