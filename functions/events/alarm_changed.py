"""The state-change event of an alarm ends the waits that it concerns, within a second (R1, R5, A4)."""

from datetime import datetime
from typing import Any

from functions.adapters.clock import Clock, iso
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environment_names import EnvironmentNames
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.texts import recorded
from functions.domain.watches import AlarmChange, CloudWatch
from functions.handler import Handler
from functions.procedures.watches import END, end_concerned

HANDLER = Handler(allow=END, timeout_seconds=50)


def alarm_changed(
    event: dict[str, Any],
    names: EnvironmentNames,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    clock: Clock,
) -> dict[str, list[str]]:
    """End the concerned waits; returns their keys. The environment defines the severity; the event lacks it.

    The state in the event has milliseconds, `time` whole seconds:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    state = event["detail"]["state"]
    change = AlarmChange(
        CloudWatch(event["account"], event["region"]),
        str(event["detail"]["alarmName"]),
        state["value"],
        recorded(state.get("reason", "")),
        iso(datetime.fromisoformat(state["timestamp"])),
    )
    return {"ended": end_concerned(change, names, waits, health, tokens, clock)}
