"""EventBridge rules: which event or schedule invokes which handler of `functions/events`, with retries."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import cloudwatch, lambda_

from components.functions.handlers import FoundHandler
from components.functions.python_function import PythonFunction
from components.functions.resources import StackResources
from components.platform.endpoints import ROUTES
from components.stack.naming import Naming
from functions.adapters.bus import SOURCE
from functions.domain.events import EnvironmentUnfrozen, GatesJudged, RollbackFinished
from statemachines.definitions import WORKFLOWS

Pattern = dict[str, Any]
_RETRY_SECONDS, _RETRIES = 3600, 20
# A scheduled run that failed is not retried for longer than this: the next run follows.
_EVERY_MINUTE, _MINUTE = "rate(1 minute)", 60
_TWICE_A_DAY = "rate(12 hours)"


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event pattern, a schedule, or both; events come from the account's default bus unless `own_bus`."""

    pattern: Callable[[StackResources], pulumi.Input[Pattern]] | None = None
    own_bus: bool = False
    schedule: Callable[[StackResources], str] | None = None


def _builds(stack: StackResources) -> pulumi.Output[Pattern]:
    names = [project.name for project in stack.projects().values()]
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


def _alarms(_: StackResources) -> Pattern:
    """All alarms of the account: the handler selects by name, because releases may create their own alarms."""
    return {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"state": {"value": ["ALARM"]}},
    }


def _executions(stack: StackResources) -> Pattern:
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
            "stateMachineArn": [stack.naming.workflow_arn(workflow) for workflow in WORKFLOWS],
        },
    }


def _work_items_ended(stack: StackResources) -> Pattern:
    """Any end of a work item: the next one can start."""
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
            "stateMachineArn": [stack.naming.workflow_arn("work_item")],
        },
    }


def _poll_rate(stack: StackResources) -> str:
    minutes = stack.settings.poll_minutes
    return f"rate({minutes} minute{'s' if minutes > 1 else ''})"


def _own(_: StackResources) -> Pattern:
    return {"source": [SOURCE]}


def _gates(_: StackResources) -> Pattern:
    return {"source": [SOURCE], "detail-type": [GatesJudged.__name__]}


def _unfrozen(_: StackResources) -> Pattern:
    """A restored rollback ends the freeze of an earlier one."""
    return {"source": [SOURCE], "detail-type": [EnvironmentUnfrozen.__name__, RollbackFinished.__name__]}


TRIGGERS: Mapping[str, Trigger] = {
    "upload_sarif": Trigger(_gates, own_bus=True),
    "import_findings": Trigger(_gates, own_bus=True),
    "build_finished": Trigger(_builds),
    "alarm_changed": Trigger(_alarms),
    "execution_ended": Trigger(_executions),
    "unfrozen": Trigger(_unfrozen, own_bus=True),
    "poll_board": Trigger(_work_items_ended, schedule=_poll_rate),
    "notify": Trigger(_own, own_bus=True),
    "publish_status": Trigger(_own, own_bus=True),
    "publish_metrics": Trigger(_own, own_bus=True),
    "track_incident": Trigger(_own, own_bus=True),
    "reconcile": Trigger(schedule=lambda _: _EVERY_MINUTE),
    "measure_secrets": Trigger(schedule=lambda _: _TWICE_A_DAY),
}


def require_handlers(handlers: Mapping[str, FoundHandler]) -> None:
    """Raise ValueError unless every trigger and route has a handler, and every handler of `events` has one of them."""
    there = {handler.name for handler in handlers.values() if handler.module.startswith("functions.events.")}
    wanted = {*TRIGGERS, *ROUTES.values()}
    if wanted - there:
        missing = ", ".join(f"functions/events/{name}.py" for name in sorted(wanted - there))
        raise ValueError(
            f"{missing} is missing: write the handler, or remove it from TRIGGERS (components/platform/event_rules.py) "
            "or ROUTES (components/platform/endpoints.py)"
        )
    if there - wanted:
        raise ValueError(
            f"nothing invokes {', '.join(sorted(there - wanted))}: "
            "add it to TRIGGERS (components/platform/event_rules.py) "
            "or ROUTES (components/platform/endpoints.py)"
        )


def rule_arn(handler: FoundHandler, naming: Naming) -> str | None:
    """The ARN of the rule that invokes a handler; None for a handler that is invoked synchronously."""
    trigger = TRIGGERS.get(handler.name) if handler.module.startswith("functions.events.") else None
    if trigger is None:
        return None
    bus = f"{naming.name('events')}/" if trigger.own_bus else ""
    return naming.arn("events", f"rule/{bus}{naming.name(handler.thing)}")


class EventRules(pulumi.ComponentResource):
    """The rules, their targets and the permissions to invoke the functions."""

    def __init__(
        self,
        *,
        stack: StackResources,
        handlers: Mapping[str, PythonFunction],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("kiro:index:EventRules", "wiring", None, opts)
        for name, trigger in TRIGGERS.items():
            self._rule(stack, handlers[name], trigger)
        self.register_outputs({})

    def _rule(self, stack: StackResources, function: PythonFunction, trigger: Trigger) -> None:
        inner = pulumi.ResourceOptions(parent=self)
        bus = stack.channels.bus.name if trigger.own_bus else None
        thing = function.handler.thing
        rule = cloudwatch.EventRule(
            thing,
            name=function.name,
            description=f"Invokes {function.name}",
            event_bus_name=bus,
            schedule_expression=trigger.schedule(stack) if trigger.schedule else None,
            event_pattern=pulumi.Output.from_input(trigger.pattern(stack)).apply(json.dumps)
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
            # A retry of a failed or throttled run a minute later would overlap with the next scheduled run.
            lambda_.FunctionEventInvokeConfig(
                thing,
                function_name=function.function.name,
                maximum_retry_attempts=0,
                maximum_event_age_in_seconds=_MINUTE,
                opts=inner,
            )
        letters = function.dead_letters
        cloudwatch.EventTarget(
            thing,
            rule=rule.name,
            event_bus_name=bus,
            target_id="handler",
            arn=function.arn,
            retry_policy=cloudwatch.EventTargetRetryPolicyArgs(
                maximum_event_age_in_seconds=_MINUTE if trigger.schedule else _RETRY_SECONDS,
                maximum_retry_attempts=_RETRIES,
            ),
            dead_letter_config=cloudwatch.EventTargetDeadLetterConfigArgs(arn=letters.arn) if letters else None,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )
