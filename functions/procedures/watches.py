"""Waits that an alarm ends: watches of an environment, and requests for approval (R1, A4)."""

from dataclasses import replace
from typing import Any, assert_never

from functions.adapters.clock import Clock
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environment_names import EnvironmentNames
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import alarmed, decided
from functions.domain.waits import (
    ApprovalFacts,
    ApprovalKey,
    BuildKey,
    QueuedKey,
    UnfreezeKey,
    Wait,
    WatchFacts,
    WatchKey,
)
from functions.domain.watches import NOTHING_ACCEPTED, AlarmReading, Watch, judge
from functions.handler import Allow, decode, encode

END: tuple[Allow, ...] = (*WaitsTable.READ, *WaitsTable.WRITE, *EnvironmentHealth.READ, *TaskTokens.COMPLETE)


def watch_facts(facts: WatchFacts) -> dict[str, Any]:
    """The facts of a watch as JSON for its wait; `failed` is left out unless there was a breach."""
    return {key: value for key, value in encode(facts).items() if key != "failed" or value}


def failed_before(wait: Wait) -> Watch | None:
    """A breach that an earlier call found but could not deliver: a watch that failed stays failed (R1)."""
    return decode(Watch, wait.facts["failed"]) if wait.facts.get("failed") else None


def remember(wait: Wait, found: Watch, waits: WaitsTable, clock: Clock) -> None:
    """Store a breach in the wait until it is delivered; other results are not stored."""
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
    """Judge each wait that an alarm concerns from all alarms of its environment, and end it if they require that.

    Returns the keys of the ended waits. A wait that can't be judged does not stop the others; its error is raised at
    the end.
    """
    concerned = (wait for name in names.names for wait in waits.of_environment(name))
    ended: list[str] = []
    unread: list[str] = []
    failed: list[Exception] = []
    for wait in concerned:
        try:
            if _end(wait, alarm, waits, health, tokens, clock):
                ended.append(str(wait.key))
        except Exception as error:  # one wait that can't be judged does not stop the others
            failed.append(error)
            unread.append(str(wait.key))
    if failed:
        raise ExceptionGroup(f"{alarm.name}: alarms could not be read for {', '.join(unread)}", failed)
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
        case BuildKey() | QueuedKey() | UnfreezeKey():
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
        [_reported(reading, alarm) for reading in health.alarms(facts.environment, facts.gone)],
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


def _reported(reading: AlarmReading, notified: AlarmReading) -> AlarmReading:
    """The reading of an alarm; ALARM if its event reports that, even if it is OK again by now (Q1)."""
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
    """Void a request for approval if a critical alarm of its environment has entered ALARM."""
    approval, facts = waits.approval(approval_id), decode(ApprovalFacts, wait.facts)
    environment = facts.environment
    if approval is None or approval.state != "open" or environment is None:
        return False
    if alarm.name not in health.alarm_names(environment)[0]:
        return False
    reason = alarmed(health.alarms(environment), facts.accepted or NOTHING_ACCEPTED, environment.name)
    if not reason:
        return False
    void = replace(approval, state="void", reason=reason)
    if waits.decide(void):
        tokens.succeed(wait.token, decided(void))
    return True
