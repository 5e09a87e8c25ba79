"""Waits that an alarm ends: watches, a rollback's wait for alarms, and requests for approval (R1, R5, A4)."""

from typing import assert_never

from msgspec.structs import replace

from functions.adapters.clock import Clock
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environment_names import EnvironmentNames
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.approvals import alarmed, decided
from functions.domain.waits import (
    AlarmsFacts,
    AlarmsKey,
    ApprovalFacts,
    ApprovalKey,
    BuildKey,
    QueuedKey,
    RolloutKey,
    UnfreezeKey,
    Wait,
    WatchFacts,
    WatchKey,
)
from functions.domain.watches import NOTHING_ACCEPTED, AlarmChange, AlarmReading, Quiet, Watch, judge, quiet
from functions.handler import Allow, decode

END: tuple[Allow, ...] = (*WaitsTable.FIND, *WaitsTable.WRITE, *EnvironmentHealth.READ, *TaskTokens.COMPLETE)


def remember(key: WatchKey, found: Watch, waits: WaitsTable) -> None:
    """Store a breach in the wait until it is delivered: a watch that failed stays failed (R1)."""
    if found.outcome == "breached":
        waits.note_fact(key, "failed", found)


def end_concerned(
    change: AlarmChange,
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
            if _end(wait, change, waits, health, tokens, clock):
                ended.append(str(wait.key))
        except Exception as error:  # one wait that can't be judged does not stop the others
            failed.append(error)
            unread.append(str(wait.key))
    if failed:
        raise ExceptionGroup(f"{change.name}: alarms could not be read for {', '.join(unread)}", failed)
    return ended


def _end(
    wait: Wait,
    change: AlarmChange,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    clock: Clock,
) -> bool:
    match wait.key:
        case WatchKey():
            return _end_watch(wait.key, wait, change, waits, health, tokens, clock)
        case AlarmsKey():
            return _end_alarms(wait, change, waits, health, tokens, clock)
        case ApprovalKey(approval_id):
            return _void(approval_id, wait, change, waits, health, tokens)
        case BuildKey() | QueuedKey() | UnfreezeKey() | RolloutKey():
            return False
        case _:
            assert_never(wait.key)


def _end_watch(
    key: WatchKey,
    wait: Wait,
    change: AlarmChange,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    clock: Clock,
) -> bool:
    facts = decode(WatchFacts, wait.facts)
    if not health.concerns(change, facts.environment, facts.repository, facts.gone, facts.paused):
        return False
    alarms = health.alarms(facts.environment, facts.repository, facts.gone, facts.paused)
    found = facts.failed or judge(
        [_reported(reading, change) for reading in alarms],
        (),
        now=clock.text(),
        until=facts.until,
        reviewed=facts.reviewed,
        accepted=facts.accepted,
    )
    if found.outcome not in ("breached", "review"):
        return False
    remember(key, found, waits)
    return _deliver(wait, found, waits, tokens)


def _end_alarms(
    wait: Wait,
    change: AlarmChange,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    clock: Clock,
) -> bool:
    """End a rollback's wait if no critical alarm is in ALARM any more; the deadline is found by its backstop."""
    facts = decode(AlarmsFacts, wait.facts)
    if not health.concerns(change, facts.environment, facts.repository):
        return False
    alarms = health.alarms(facts.environment, facts.repository)
    found = quiet(alarms, now=clock.text(), until=facts.until, accepted=facts.accepted)
    if found.outcome == "waiting":
        return False
    return _deliver(wait, found, waits, tokens)


def _deliver(wait: Wait, found: Watch | Quiet, waits: WaitsTable, tokens: TaskTokens) -> bool:
    """End a wait; one whose token has timed out stays, for the next token of its state."""
    delivered = tokens.succeed(wait.token, found)
    if delivered:
        waits.forget(wait.key)
    return delivered


def _reported(reading: AlarmReading, change: AlarmChange) -> AlarmReading:
    """The reading of an alarm; ALARM if its event reports that, even if it is OK again by now (Q1)."""
    if reading.name != change.name or change.state != "ALARM" or reading.state == "ALARM":
        return reading
    return replace(reading, state="ALARM", reason=change.reason, since=change.at)


def _void(
    approval_id: str,
    wait: Wait,
    change: AlarmChange,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
) -> bool:
    """Void a request for approval if a critical alarm of its environment has entered ALARM."""
    approval, facts = waits.approval(approval_id), decode(ApprovalFacts, wait.facts)
    environment = facts.environment
    if approval is None or approval.state != "open" or environment is None:
        return False
    if not health.concerns(change, environment, approval.repository):
        return False
    alarms = health.alarms(environment, approval.repository)
    reason = alarmed(alarms, facts.accepted or NOTHING_ACCEPTED, environment.name)
    if not reason:
        return False
    void = replace(approval, state="void", reason=reason)
    if waits.decide(void):
        tokens.succeed(wait.token, decided(void))
    return True
