"""The EventBridge rules of all triggers, with their targets, retries and permissions."""

import json
from collections.abc import Iterator, Mapping

import pulumi
from pulumi_aws import cloudwatch, lambda_

from components.functions.handlers import FoundHandler
from components.functions.python_function import PythonFunction
from components.functions.resources import StackResources
from components.platform.triggers import BESIDE, TRIGGERS, Trigger, forwarded
from forwarding.places import receiving_rule

_RETRY_SECONDS, _RETRIES = 3600, 20
# A scheduled run that failed is not retried for longer than this: the next run follows.
_MINUTE = 60


def rule_of(handler: FoundHandler) -> Trigger | None:
    """What invokes a handler of `events`; None for a handler that is invoked synchronously."""
    return None if handler.is_task else TRIGGERS.get(handler.name)


def rule_arns(handler: FoundHandler, stack: StackResources) -> list[str]:
    """The ARNs of the rules that invoke a handler; empty for a handler that is invoked synchronously."""
    return [_rule_arn(thing, trigger, stack) for thing, trigger in _rules(handler, stack)]


def _rule_arn(thing: str, trigger: Trigger, stack: StackResources) -> str:
    bus = f"{stack.naming.name('events')}/" if trigger.own_bus else ""
    return stack.naming.arn("events", f"rule/{bus}{stack.naming.name(thing)}")


def _rules(handler: FoundHandler, stack: StackResources) -> Iterator[tuple[str, Trigger]]:
    """The rules of a handler by their names; alarm events of each other account and region have a rule of their own."""
    trigger = rule_of(handler)
    if trigger is None:
        return
    yield handler.thing, trigger
    if handler.name in BESIDE:
        end, beside = BESIDE[handler.name]
        yield f"{handler.thing}-{end}", beside
    if handler.name == "alarm_changed":
        for place in stack.elsewhere():
            yield receiving_rule(place), Trigger(forwarded(place), own_bus=True)


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
        for name in TRIGGERS:
            for thing, trigger in _rules(handlers[name].handler, stack):
                self._rule(stack, handlers[name], thing, trigger)
        self.register_outputs({})

    def _rule(self, stack: StackResources, function: PythonFunction, thing: str, trigger: Trigger) -> None:
        inner = pulumi.ResourceOptions(parent=self)
        bus = stack.channels.bus.name if trigger.own_bus else None
        rule = cloudwatch.EventRule(
            thing,
            name=stack.naming.name(thing),
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
