"""When an alarm changed its state, on the emulated AWS.

The states in CloudWatch's events have milliseconds, the time of such an event has whole seconds:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
Both kinds of alarms have StateTransitionedTimestamp, the time of the last change:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_CompositeAlarm.html
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.local.strict.conftest import Connect

SHORT = timedelta(milliseconds=1)


def test_a_change_of_state_has_milliseconds(connect: Connect) -> None:
    """Of a metric alarm, and of the composite alarm above it; a state that is set again is no change."""
    cloudwatch = connect("cloudwatch")
    name, above = (f"{kind}-{uuid.uuid4().hex[:8]}" for kind in ("metric", "composite"))
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="tests",
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.put_composite_alarm(AlarmName=above, AlarmRule=f"ALARM({name})")
    before = datetime.now(UTC) - SHORT
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    after = datetime.now(UTC) + SHORT
    changed = _changed(cloudwatch, name, above)
    assert len(changed) == 2
    assert all(before <= moment <= after for moment in changed), (before, changed, after)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="again")
    assert _changed(cloudwatch, name, above) == changed


def _changed(cloudwatch: Any, name: str, above: str) -> list[datetime]:
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNames=[name, above], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return [
        one["StateTransitionedTimestamp"] for page in pages for one in page["MetricAlarms"] + page["CompositeAlarms"]
    ]
