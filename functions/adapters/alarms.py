"""CloudWatch alarms of an environment, as they stand now."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.clock import iso
from functions.domain.environments import Environment
from functions.domain.texts import REASON, cut
from functions.domain.watches import AlarmReading, Severity
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients


class Alarms:
    """Read under the environment's deploy role, in its region."""

    SETTINGS: ClassVar[tuple[str, ...]] = ()
    READ: ClassVar[tuple[Allow, ...]] = (Allow(("sts:AssumeRole",), on="deploy-roles"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Clients are made per environment, when asked."""
        return cls(aws)

    def read(
        self, environment: Environment, critical: Sequence[str], warning: Sequence[str]
    ) -> tuple[AlarmReading, ...]:
        """Every named alarm; one that does not exist reads as `missing`."""
        severities: dict[str, Severity] = dict.fromkeys(warning, "warning")
        severities.update(dict.fromkeys(critical, "critical"))
        found = self._describe(environment, sorted(severities))
        return tuple(_reading(name, severity, found.get(name)) for name, severity in sorted(severities.items()))

    def _describe(self, environment: Environment, names: list[str]) -> dict[str, Any]:
        client = self._aws.client("cloudwatch", region=environment.region, role_arn=environment.deploy_role_arn)
        found: dict[str, Any] = {}
        for start in range(0, len(names), 100):
            pages = client.get_paginator("describe_alarms").paginate(
                AlarmNames=names[start : start + 100], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
            )
            for page in pages:
                for alarm in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])):
                    found[alarm["AlarmName"]] = alarm
        return found


def _reading(name: str, severity: Severity, alarm: Any) -> AlarmReading:
    if alarm is None:
        return AlarmReading(name, severity, "missing")
    since = alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")
    reason = cut(alarm.get("StateReason", ""), REASON)
    return AlarmReading(name, severity, alarm["StateValue"], reason, iso(since) if since else "")
