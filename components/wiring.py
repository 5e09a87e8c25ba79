"""Which event wakes which room of `events/`: one rule each, with retries and a queue for what was not delivered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import cloudwatch, lambda_

from components.endpoints import ROUTES
from components.estate import Estate
from components.python_function import PythonFunction
from components.rooms import FoundRoom
from components.site import Site
from statemachines.definitions import WORKFLOWS

Pattern = dict[str, Any]
_OWN_SOURCE = "kiro.pipeline"
_RETRY_SECONDS, _RETRIES = 3600, 20
# A run of a schedule is followed by the next one: nothing is gained by catching up.
_EVERY_MINUTE, _MINUTE = "rate(1 minute)", 60
_TWICE_A_DAY = "rate(12 hours)"


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event pattern, looked for on the stack's own bus or on the account's default bus; a schedule, or both."""

    pattern: Callable[[Estate], pulumi.Input[Pattern]] | None = None
    own_bus: bool = False
    schedule: Callable[[Estate], str] | None = None


def _builds(estate: Estate) -> pulumi.Output[Pattern]:
    names = [project.name for project in estate.projects().values()]
    return pulumi.Output.all(*names).apply(
        lambda known: {
            "source": ["aws.codebuild"],
            "detail-type": ["CodeBuild Build State Change"],
            "detail": {
                "build-status": ["SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT", "STOPPED"],
                "project-name": list(known),
            },
        }
    )


def _alarms(_: Estate) -> Pattern:
    """Delivered repositories bring alarms of their own, so names are left to the room."""
    return {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"state": {"value": ["ALARM"]}},
    }


def _executions(estate: Estate) -> Pattern:
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
            "stateMachineArn": [estate.site.workflow_arn(workflow) for workflow in WORKFLOWS],
        },
    }


def _work_items_ended(estate: Estate) -> Pattern:
    """There is room for the next item as soon as one has ended."""
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
            "stateMachineArn": [estate.site.workflow_arn("work_item")],
        },
    }


def _poll_rate(estate: Estate) -> str:
    minutes = estate.settings.poll_minutes
    return f"rate({minutes} minute{'s' if minutes > 1 else ''})"


def _own(_: Estate) -> Pattern:
    return {"source": [_OWN_SOURCE]}


def _gates(_: Estate) -> Pattern:
    return {"source": [_OWN_SOURCE], "detail-type": ["GatesJudged"]}


TRIGGERS: Mapping[str, Trigger] = {
    "upload_sarif": Trigger(_gates, own_bus=True),
    "import_findings": Trigger(_gates, own_bus=True),
    "build_finished": Trigger(_builds),
    "alarm_changed": Trigger(_alarms),
    "execution_ended": Trigger(_executions),
    "poll_board": Trigger(_work_items_ended, schedule=_poll_rate),
    "notify": Trigger(_own, own_bus=True),
    "publish_status": Trigger(_own, own_bus=True),
    "publish_metrics": Trigger(_own, own_bus=True),
    "track_incident": Trigger(_own, own_bus=True),
    "reconcile": Trigger(schedule=lambda _: _EVERY_MINUTE),
    "measure_secrets": Trigger(schedule=lambda _: _TWICE_A_DAY),
}


def require_rooms(rooms: Mapping[str, FoundRoom]) -> None:
    """Every trigger and route has its room, and every room of `events/` is woken by one; else a ValueError."""
    there = {room.name for room in rooms.values() if room.module.startswith("functions.events.")}
    wanted = {*TRIGGERS, *ROUTES.values()}
    if wanted - there:
        missing = ", ".join(f"functions/events/{name}.py" for name in sorted(wanted - there))
        raise ValueError(f"no room for {missing}: write it, or take it out of components/wiring.py or endpoints.py")
    if there - wanted:
        raise ValueError(
            f"nothing wakes {', '.join(sorted(there - wanted))}: add it to TRIGGERS (components/wiring.py) "
            "or ROUTES (components/endpoints.py)"
        )


def rule_arn(room: FoundRoom, site: Site) -> str | None:
    """The rule that wakes a room; None for a room that is called and waited for."""
    trigger = TRIGGERS.get(room.name) if room.module.startswith("functions.events.") else None
    if trigger is None:
        return None
    bus = f"{site.name('events')}/" if trigger.own_bus else ""
    return site.arn("events", f"rule/{bus}{site.name(room.thing)}")


class Wiring(pulumi.ComponentResource):
    """The rules, their targets and the permissions to call."""

    def __init__(
        self, *, estate: Estate, rooms: Mapping[str, PythonFunction], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kiro:index:Wiring", "wiring", None, opts)
        for name, trigger in TRIGGERS.items():
            self._wake(estate, rooms[name], trigger)
        self.register_outputs({})

    def _wake(self, estate: Estate, function: PythonFunction, trigger: Trigger) -> None:
        inner = pulumi.ResourceOptions(parent=self)
        bus = estate.channels.bus.name if trigger.own_bus else None
        thing = function.room.thing
        rule = cloudwatch.EventRule(
            thing,
            name=function.name,
            description=f"Wakes {function.name}",
            event_bus_name=bus,
            schedule_expression=trigger.schedule(estate) if trigger.schedule else None,
            event_pattern=pulumi.Output.from_input(trigger.pattern(estate)).apply(json.dumps)
            if trigger.pattern
            else None,
            opts=inner,
        )
        permission = lambda_.Permission(
            f"{thing}-rule",
            action="lambda:InvokeFunction",
            function=function.function.name,
            principal="events.amazonaws.com",
            source_arn=rule.arn,
            opts=inner,
        )
        if trigger.schedule:
            # Tried again a minute later, a failed run would meet the next one.
            lambda_.FunctionEventInvokeConfig(
                thing, function_name=function.function.name, maximum_retry_attempts=0, opts=inner
            )
        letters = function.dead_letters
        cloudwatch.EventTarget(
            thing,
            rule=rule.name,
            event_bus_name=bus,
            target_id="room",
            arn=function.arn,
            retry_policy=cloudwatch.EventTargetRetryPolicyArgs(
                maximum_event_age_in_seconds=_MINUTE if trigger.schedule else _RETRY_SECONDS,
                maximum_retry_attempts=_RETRIES,
            ),
            dead_letter_config=cloudwatch.EventTargetDeadLetterConfigArgs(arn=letters.arn) if letters else None,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )
