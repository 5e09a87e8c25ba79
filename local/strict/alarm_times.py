"""CloudWatch: an alarm says to the millisecond when it changed its state; ministack keeps whole seconds.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html
"""

import time
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch

from local.strict.around import Answer, around


@around(cloudwatch, "_record_history")
def keep_milliseconds(original: Callable[..., Answer], name: str, *change: Any) -> Answer:
    """Every change of state is recorded, after it was made and before anybody is told."""
    alarm = cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name)
    if alarm:
        alarm["StateUpdatedTimestamp"] = alarm["StateTransitionedTimestamp"] = round(time.time(), 3)
    return original(name, *change)
