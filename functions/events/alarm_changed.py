"""An alarm's state-change event ends the watches and approvals that it concerns, within the second (R1, A4)."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.clock import Clock, iso
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import Wait, WaitsTable
from functions.domain.environments import Environment
from functions.domain.watches import Accepted, AlarmReading, judge
from functions.handler import Handler, decode
from functions.shared.watch import failed_before, remember
from functions.stage.await_approval import decided

if TYPE_CHECKING:
    from functions.runtime import Clients


class EnvironmentNames:
    """The environments of this stack."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("ENVIRONMENT_NAMES",)

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """A comma-separated setting."""
        return cls(tuple(aws.setting("ENVIRONMENT_NAMES").split(",")))


HANDLER = Handler(
    allow=(*WaitsTable.READ, *WaitsTable.WRITE, *EnvironmentHealth.LOOK, *TaskTokens.COMPLETE), timeout_seconds=50
)


def alarm_changed(
    event: dict[str, Any],
    names: EnvironmentNames,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    clock: Clock,
) -> dict[str, list[str]]:
    """The event only hurries: each watch it concerns reads the alarms itself, and ends if they say so."""
    alarm = _told(event)
    concerned = (wait for name in names.names for wait in waits.of_environment(name))
    ended: list[str] = []
    blind: list[str] = []
    failed: list[Exception] = []
    for wait in concerned:
        try:
            if _end(wait, alarm, waits, health, tokens, clock):
                ended.append(wait.wait_key)
        except Exception as error:  # one wait that can't be read does not keep the others
            failed.append(error)
            blind.append(wait.wait_key)
    if failed:
        raise ExceptionGroup(f"{alarm.name}: could not look for {', '.join(blind)}", failed)
    return {"ended": ended}


def _end(
    wait: Wait,
    alarm: AlarmReading,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    clock: Clock,
) -> bool:
    if wait.wait_key.startswith("watch/"):
        return _end_watch(wait, alarm, waits, health, tokens, clock)
    return wait.wait_key.startswith("approval/") and _void(wait, alarm, waits, health, tokens)


def _end_watch(
    wait: Wait,
    alarm: AlarmReading,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    clock: Clock,
) -> bool:
    environment, gone = decode(Environment, wait.facts["environment"]), wait.facts.get("gone", ())
    if alarm.name not in {name for names in health.alarm_names(environment, gone) for name in names}:
        return False
    seen = failed_before(wait) or judge(
        [_heard(reading, alarm) for reading in health.alarms(environment, gone)],
        (),
        now=clock.text(),
        until=wait.facts["until"],
        reviewed=wait.facts["reviewed"],
        accepted=decode(Accepted, wait.facts["accepted"]),
    )
    if seen.outcome not in ("breached", "review"):
        return False
    remember(wait, seen, waits, clock)
    tokens.succeed(wait.token, seen)
    waits.forget(wait.wait_key)
    return True


def _told(event: dict[str, Any]) -> AlarmReading:
    """The alarm as its event tells it; whether it is critical is for the environment to say."""
    state = event["detail"]["state"]
    since = iso(datetime.fromisoformat(event["time"]))
    return AlarmReading(str(event["detail"]["alarmName"]), "warning", state["value"], state.get("reason", ""), since)


def _heard(reading: AlarmReading, told: AlarmReading) -> AlarmReading:
    """An alarm that rang and is quiet again by the time it is read has rung all the same (Q1)."""
    if reading.name != told.name or told.state != "ALARM" or reading.state == "ALARM":
        return reading
    return replace(reading, state="ALARM", reason=told.reason, since=told.since)


def _void(wait: Wait, alarm: AlarmReading, waits: WaitsTable, health: EnvironmentHealth, tokens: TaskTokens) -> bool:
    """A release that waits for its approval does not go into an environment that is burning."""
    approval = waits.approval(wait.wait_key.removeprefix("approval/"))
    if approval is None or approval.state != "open" or "environment" not in wait.facts:
        return False
    environment = decode(Environment, wait.facts["environment"])
    critical = health.alarm_names(environment)[0]
    ringing = [a for a in health.alarms(environment) if a.name in critical and a.state == "ALARM"]
    if alarm.name not in critical or not ringing:
        return False
    void = replace(approval, state="void", reason=f"alarm {alarm.name} rings in {environment.name}")
    if waits.decide(void):
        tokens.succeed(wait.token, decided(void))
    return True
