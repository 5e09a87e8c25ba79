"""Delivers service events (`aws.*` sources) to the emulator's EventBridge rules.

The emulator's PutEvents refuses such sources, as AWS does, so this module reads and matches the rules and invokes their
targets. Events that the emulator sends itself must not be published again: "Step Functions Execution Status Change"
(aws.states) and S3's object events. It does not send alarm and CodeBuild changes.

As in AWS, an event reaches the default bus of its own account and region; rules may forward it to buses elsewhere.
"""

from __future__ import annotations

import json
import logging
import queue
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.background import Background
from local.buses import Bus, Buses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from local.clients import Clients

Record = dict[str, Any]
logger = logging.getLogger(__name__)

RULES_SECONDS = 1.0
# EventBridge tries for 24 hours; on a laptop a target that fails for two seconds is broken
RETRY_SECONDS = (0.2, 0.5, 1.0)
PLACEHOLDER = re.compile(r"<([^<>]+)>")
# string literals match first, which separates placeholders inside quotes from those outside
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|<[^<>]+>')
PATH_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True)
class Rule:
    """An enabled rule with a pattern, and its targets."""

    arn: str
    name: str
    pattern: str
    targets: Sequence[Record]

    def may_match(self, event: Record) -> bool:
        """False when source or detail type exclude the event; saves a call of the emulator."""
        pattern = json.loads(self.pattern)
        for name in ("source", "detail-type"):
            wanted = pattern.get(name)
            plain = isinstance(wanted, list) and all(isinstance(item, str) for item in wanted)
            if plain and event[name] not in wanted:
                return False
        return True


@dataclass(order=True)
class Delivery:
    """An event for one target at the time `due`; without a target, an event whose rules are not matched yet."""

    due: float
    number: int
    event: Record = field(compare=False)
    bus: Bus = field(compare=False)
    rule: Rule | None = field(compare=False, default=None)
    target: Record | None = field(compare=False, default=None)
    path: tuple[str, ...] = field(compare=False, default=())
    attempts: int = field(compare=False, default=0)


class ServiceEvents(Background):
    """Takes events from any thread and delivers them in order from its own thread."""

    def __init__(self, clients: Clients) -> None:
        super().__init__("service-events")
        self._buses = Buses(clients)
        self._queue: queue.PriorityQueue[Delivery] = queue.PriorityQueue()
        self._numbers = count()
        self._rules: dict[Bus, tuple[float, list[Rule]]] = {}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        # an entry that sorts before all others wakes the thread; undelivered events are lost
        self._queue.put(Delivery(-1.0, next(self._numbers), {}, Bus("", "")))
        super().__exit__(kind, error, trace)
        self._buses.close()

    def publish(self, event: Record) -> None:
        """Queue a complete event, in the form that targets receive; returns at once."""
        bus = Bus(event["account"], event["region"])
        self._queue.put(Delivery(time.monotonic(), next(self._numbers), event, bus))

    def work(self) -> None:
        """Deliver what is due, in order."""
        while True:
            delivery = self._queue.get()
            if self.stopping.is_set():
                return
            wait = delivery.due - time.monotonic()
            if wait > 0:
                # another delivery may become due earlier, so check again soon
                self._queue.put(delivery)
                self.stopping.wait(min(wait, 0.02))
                continue
            try:
                if delivery.target is None:
                    self._route(delivery)
                else:
                    self._deliver(delivery)
            except Exception:
                logger.exception("event %s could not be delivered", delivery.event.get("id"))

    def _client(self, service: str, bus: Bus) -> Any:
        """The client of a service where a bus is, and so the targets of its rules."""
        return self._buses.clients(bus.account, bus.region).client(service)

    def _route(self, delivery: Delivery) -> None:
        events = self._client("events", delivery.bus)
        text = json.dumps(delivery.event)
        for rule in self._rules_of(delivery.bus):
            if rule.arn in delivery.path or not rule.may_match(delivery.event):
                continue
            if not events.test_event_pattern(EventPattern=rule.pattern, Event=text)["Result"]:
                continue
            for target in rule.targets:
                self._queue.put(
                    Delivery(
                        delivery.due,
                        next(self._numbers),
                        delivery.event,
                        delivery.bus,
                        rule,
                        target,
                        (*delivery.path, rule.arn),
                    )
                )

    def _rules_of(self, bus: Bus) -> list[Rule]:
        read, rules = self._rules.get(bus, (0.0, []))
        if time.monotonic() - read < RULES_SECONDS and read:
            return rules
        events = self._client("events", bus)
        found: list[Record] = []
        token: dict[str, str] = {}
        while True:
            answer = events.list_rules(EventBusName=bus.name, **token)
            found += answer["Rules"]
            if not answer.get("NextToken"):
                break
            token = {"NextToken": answer["NextToken"]}
        rules = [
            Rule(rule["Arn"], rule["Name"], rule["EventPattern"], self._targets(rule["Name"], bus))
            for rule in found
            if rule.get("State") == "ENABLED" and rule.get("EventPattern")
        ]
        self._rules[bus] = (time.monotonic(), rules)
        return rules

    def _targets(self, rule: str, bus: Bus) -> Sequence[Record]:
        answer = self._client("events", bus).list_targets_by_rule(Rule=rule, EventBusName=bus.name)
        targets: list[Record] = answer["Targets"]
        return targets

    def _deliver(self, delivery: Delivery) -> None:
        rule, target = delivery.rule, delivery.target
        if rule is None or target is None:
            raise AssertionError("a delivery without a target is routed, not delivered")
        try:
            self._invoke(target, render(target, rule, delivery.event), delivery)
        except (BotoCoreError, ClientError, ValueError) as error:
            limit = target.get("RetryPolicy", {}).get("MaximumRetryAttempts", len(RETRY_SECONDS))
            if delivery.attempts < min(limit, len(RETRY_SECONDS)):
                delivery.due = time.monotonic() + RETRY_SECONDS[delivery.attempts]
                delivery.attempts += 1
                self._queue.put(delivery)
            else:
                self._give_up(delivery, rule, target, error)

    def _invoke(self, target: Record, payload: str, delivery: Delivery) -> None:
        arn, bus = target["Arn"], delivery.bus
        service, name = arn.split(":")[2], arn.rpartition(":")[2]
        if service == "lambda":
            self._client("lambda", bus).invoke(FunctionName=arn, InvocationType="Event", Payload=payload)
        elif service == "states":
            self._client("stepfunctions", bus).start_execution(stateMachineArn=arn, input=payload)
        elif service == "sqs":
            self._send(name, payload, bus, **target.get("SqsParameters", {}))
        elif service == "sns":
            self._client("sns", bus).publish(TopicArn=arn, Message=payload)
        elif service == "events" and name.startswith("event-bus/"):
            self._buses.require_access(bus, target, delivery.event)
            to = Bus.of(arn)
            self._queue.put(Delivery(delivery.due, next(self._numbers), delivery.event, to, path=delivery.path))
        else:
            raise ValueError(f"target {arn} is not supported here; use Lambda, Step Functions, SQS, SNS or a bus")

    def _send(self, queue_name: str, body: str, bus: Bus, **options: Any) -> None:
        sqs = self._client("sqs", bus)
        url = sqs.get_queue_url(QueueName=queue_name)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=body, **options)

    def _give_up(self, delivery: Delivery, rule: Rule, target: Record, error: Exception) -> None:
        logger.error("event %s for rule %s did not reach %s: %s", delivery.event["id"], rule.name, target["Arn"], error)
        letters = target.get("DeadLetterConfig", {}).get("Arn")
        if not letters:
            return
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        attributes = {
            "RULE_ARN": rule.arn,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": code,
            "ERROR_MESSAGE": str(error),
            "RETRY_ATTEMPTS": str(delivery.attempts),
            "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        }
        self._send(
            letters.rpartition(":")[2],
            json.dumps(delivery.event),
            delivery.bus,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )


def render(target: Record, rule: Rule, event: Record) -> str:
    """Return the text that a target receives: its constant, a part of the event, a filled template, or the event."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(look_up(event, target["InputPath"]))
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        values = {name: look_up(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
        values |= {
            "aws.events.rule-arn": rule.arn,
            "aws.events.rule-name": rule.name,
            "aws.events.event.ingestion-time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
            "aws.events.event.json": event,
        }
        return fill(transformer["InputTemplate"], values)
    return json.dumps(event)


def look_up(event: Record, path: str) -> Any:
    """Return the value at a path such as `$.detail.build-id` or `$.resources[0]`; "" if absent, as in EventBridge."""
    value: Any = event
    for name, index in PATH_STEP.findall(path.removeprefix("$")):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError):
            return ""
    return value


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Fill an input template: a value inside quotes becomes text, outside quotes JSON."""

    def spliced(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        # EventBridge drops the quotes of an object inside a string, so that the string stays valid
        return value if isinstance(value, str) else json.dumps(value).replace('"', "")

    def token(match: re.Match[str]) -> str:
        found = match[0]
        if found.startswith('"'):
            return PLACEHOLDER.sub(spliced, found)
        return json.dumps(values[found[1:-1]]) if found[1:-1] in values else found

    if '"' not in template and not template.lstrip().startswith(("{", "[", "<")):
        return PLACEHOLDER.sub(spliced, template)
    return TOKEN.sub(token, template)
