"""The event CloudWatch sends when an alarm changes its state (AWS: "Alarm events and EventBridge")."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.alarms.definitions import metrics
from local.alarms.evaluation import stamp

Record = dict[str, Any]


@dataclass(frozen=True)
class AlarmState:
    """A state as events describe it; `reason_data` is JSON text or ""."""

    value: str
    reason: str
    reason_data: str
    since: datetime

    def described(self) -> Record:
        """Return the state as a part of the event."""
        described = {"value": self.value, "reason": self.reason, "timestamp": stamp(self.since)}
        return described | ({"reasonData": self.reason_data} if self.reason_data else {})


def state_change(alarm: Record, before: AlarmState, after: AlarmState) -> Record:
    """Return "CloudWatch Alarm State Change" for a metric or a composite alarm from DescribeAlarms."""
    _, _, _, region, account, _ = alarm["AlarmArn"].split(":", 5)
    if alarm.get("AlarmRule"):
        configuration: Record = {"alarmRule": alarm["AlarmRule"]}
    else:
        configuration = {"metrics": [_metric(entry) for entry in metrics(alarm)]}
    if alarm.get("AlarmDescription"):
        configuration["description"] = alarm["AlarmDescription"]
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [alarm["AlarmArn"]],
        "detail": {
            "alarmName": alarm["AlarmName"],
            "configuration": configuration,
            "previousState": before.described(),
            "state": after.described(),
        },
    }


def _metric(entry: Record) -> Record:
    described: Record = {"id": entry["Id"], "returnData": entry.get("ReturnData", True)}
    if entry.get("Label"):
        described["label"] = entry["Label"]
    if entry.get("Expression"):
        return described | {"expression": entry["Expression"]}
    stat = entry["MetricStat"]
    metric = stat["Metric"]
    return described | {
        "metricStat": {
            "metric": {
                "namespace": metric["Namespace"],
                "name": metric["MetricName"],
                "dimensions": {one["Name"]: one["Value"] for one in metric.get("Dimensions", [])},
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
        }
    }
