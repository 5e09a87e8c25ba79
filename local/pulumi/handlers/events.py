"""EventBridge buses, rules, targets and archives, and Scheduler schedules."""

from __future__ import annotations

from typing import Any

from local.pulumi.errors import ResourceError
from local.pulumi.handlers.base import Call, Handler, Properties, Tagging, handles, pick


@handles("aws:cloudwatch/eventBus:EventBus")
class EventBus(Handler):
    """A custom bus."""

    replace_on = frozenset({"name", "eventSourceName"})
    tagging = Tagging("events")
    NAMES = ("description", "kmsKeyIdentifier", "deadLetterConfig")

    def create(self, call: Call) -> str:
        name = call.auto_name()
        call.aws("events").create_event_bus(Name=name, **pick(call.inputs, "eventSourceName", *self.NAMES))
        return name

    def read(self, call: Call) -> Properties:
        return {"name": call.id, "arn": call.aws("events").describe_event_bus(Name=call.id)["Arn"]}

    def update(self, call: Call) -> None:
        call.aws("events").update_event_bus(Name=call.id, **pick(call.inputs, *self.NAMES))

    def delete(self, call: Call) -> None:
        call.aws("events").delete_event_bus(Name=call.id)


@handles("aws:cloudwatch/eventBusPolicy:EventBusPolicy")
class EventBusPolicy(Handler):
    """The whole policy of a bus."""

    replace_on = frozenset({"eventBusName"})

    def create(self, call: Call) -> str:
        bus = call.inputs.get("eventBusName") or "default"
        call.aws("events").put_permission(EventBusName=bus, Policy=call.inputs["policy"])
        return str(bus)

    def delete(self, call: Call) -> None:
        call.aws("events").remove_permission(EventBusName=call.id, RemoveAllPermissions=True)


def _bus(inputs: Properties) -> Properties:
    return pick(inputs, "eventBusName")


@handles("aws:cloudwatch/eventRule:EventRule")
class EventRule(Handler):
    """A rule; its id is `bus/name` on a custom bus, `name` on the default bus."""

    replace_on = frozenset({"name", "namePrefix", "eventBusName"})
    tagging = Tagging("events")

    def create(self, call: Call) -> str:
        inputs, name = call.inputs, call.auto_name()
        inputs.get("forceDestroy")
        parameters = pick(inputs, "scheduleExpression", "eventPattern", "description", "roleArn", "state")
        # The emulator, unlike AWS, keeps the state of a rule that is put again without one.
        parameters.setdefault("State", "DISABLED" if inputs.get("isEnabled") is False else "ENABLED")
        call.aws("events").put_rule(Name=name, **_bus(inputs), **parameters)
        bus = inputs.get("eventBusName")
        return f"{bus}/{name}" if bus else name

    def read(self, call: Call) -> Properties:
        bus, _, name = call.id.rpartition("/")
        found = call.aws("events").describe_rule(Name=name, **({"EventBusName": bus} if bus else {}))
        return {"name": name, "arn": found["Arn"]}

    def delete(self, call: Call) -> None:
        name, events = call.id.rpartition("/")[2], call.aws("events")
        pages = events.get_paginator("list_targets_by_rule").paginate(Rule=name, **_bus(call.inputs))
        left = [target for page in pages for target in page["Targets"]]
        if left:
            events.remove_targets(Rule=name, Ids=[target["Id"] for target in left], **_bus(call.inputs))
        events.delete_rule(Name=name, **_bus(call.inputs))


@handles("aws:cloudwatch/eventTarget:EventTarget")
class EventTarget(Handler):
    """A target of a rule."""

    replace_on = frozenset({"rule", "targetId", "eventBusName"})
    NAMES = ("arn", "input", "inputPath", "roleArn", "deadLetterConfig", "retryPolicy", "sqsTarget", "kinesisTarget")
    RENAME = {  # noqa: RUF012 - read only
        "sqsTarget": "SqsParameters",
        "kinesisTarget": "KinesisParameters",
    }

    def create(self, call: Call) -> str:
        inputs = call.inputs
        inputs.get("forceDestroy")
        target_id = call.auto_name("targetId", "targetIdPrefix")
        target = {"Id": target_id, **pick(inputs, *self.NAMES, rename=self.RENAME)}
        transformer = inputs.get("inputTransformer")
        if transformer:
            target["InputTransformer"] = {
                "InputPathsMap": transformer.get("inputPaths") or {},
                "InputTemplate": transformer["inputTemplate"],
            }
        answer = call.aws("events").put_targets(Rule=inputs["rule"], Targets=[target], **_bus(inputs))
        if answer["FailedEntryCount"]:
            raise ResourceError(f"the rule refused the target: {answer['FailedEntries'][0]['ErrorMessage']}")
        return f"{inputs['rule']}-{target_id}"

    def read(self, call: Call) -> Properties:
        return {"targetId": call.auto_name("targetId", "targetIdPrefix")}

    def delete(self, call: Call) -> None:
        call.aws("events").remove_targets(
            Rule=call.inputs["rule"], Ids=[call.auto_name("targetId", "targetIdPrefix")], **_bus(call.inputs)
        )


@handles("aws:cloudwatch/eventArchive:EventArchive")
class EventArchive(Handler):
    """An archive of a bus's events."""

    replace_on = frozenset({"name", "eventSourceArn"})
    NAMES = ("description", "eventPattern", "retentionDays")

    def create(self, call: Call) -> str:
        name = call.auto_name()
        call.aws("events").create_archive(ArchiveName=name, **pick(call.inputs, "eventSourceArn", *self.NAMES))
        return name

    def read(self, call: Call) -> Properties:
        found = call.aws("events").describe_archive(ArchiveName=call.id)
        return {"name": call.id, "arn": found["ArchiveArn"]}

    def update(self, call: Call) -> None:
        call.aws("events").update_archive(ArchiveName=call.id, **pick(call.inputs, *self.NAMES))

    def delete(self, call: Call) -> None:
        call.aws("events").delete_archive(ArchiveName=call.id)


@handles("aws:scheduler/schedule:Schedule")
class Schedule(Handler):
    """A schedule; its id is `group/name`."""

    replace_on = frozenset({"name", "namePrefix", "groupName"})
    NAMES = (
        "scheduleExpression",
        "scheduleExpressionTimezone",
        "description",
        "state",
        "startDate",
        "endDate",
        "kmsKeyArn",
        "flexibleTimeWindow",
        "groupName",
    )

    def create(self, call: Call) -> str:
        name = call.auto_name()
        call.aws("scheduler").create_schedule(Name=name, **self._wanted(call))
        return f"{call.inputs.get('groupName') or 'default'}/{name}"

    def read(self, call: Call) -> Properties:
        group, name = call.id.split("/", 1)
        found = call.aws("scheduler").get_schedule(GroupName=group, Name=name)
        return {"name": name, "groupName": group, "arn": found["Arn"], "state": found.get("State", "ENABLED")}

    def update(self, call: Call) -> None:
        call.aws("scheduler").update_schedule(Name=call.id.split("/", 1)[1], **self._wanted(call))

    def delete(self, call: Call) -> None:
        group, name = call.id.split("/", 1)
        call.aws("scheduler").delete_schedule(GroupName=group, Name=name)

    def _wanted(self, call: Call) -> dict[str, Any]:
        target = call.inputs["target"]
        rename = {"eventbridgeParameters": "EventBridgeParameters"}
        return {**pick(call.inputs, *self.NAMES), "Target": pick(target, *target, rename=rename)}
