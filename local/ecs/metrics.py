"""The metrics that a load balancer publishes about its target groups.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.background import Background

if TYPE_CHECKING:
    from local.emulator import Clients

Record = dict[str, Any]
logger = logging.getLogger(__name__)
NAMESPACE = "AWS/ApplicationELB"
FLUSH_SECONDS = 1.0


class Metrics(Background):
    """Sums requests by target group, and publishes the sums every second; without requests it publishes nothing."""

    def __init__(self, aws: Clients) -> None:
        super().__init__("ecs-metrics")
        self._aws = aws
        self._lock = threading.Lock()
        self._seen: dict[str, list[tuple[int, float]]] = {}

    def note(self, group: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        with self._lock:
            self._seen.setdefault(group, []).append((status, seconds))

    def work(self) -> None:
        """Publish until stopped."""
        while not self.stopping.wait(FLUSH_SECONDS):
            with self._lock:
                seen, self._seen = self._seen, {}
            if seen:
                data = [one for group, answers in seen.items() for one in _data(group, answers)]
                try:
                    self._aws.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)
                except (BotoCoreError, ClientError) as error:
                    logger.warning("metrics of %s were lost: %s", ", ".join(seen), error)


def _data(group: str, answers: list[tuple[int, float]]) -> list[Record]:
    """The metrics of one target group since the last flush."""
    dimensions = [{"Name": "TargetGroup", "Value": group.rpartition(":")[2]}]
    times = [seconds for _, seconds in answers]
    failed = sum(status >= 500 for status, _ in answers)
    counted = {"RequestCount": len(answers)} | ({"HTTPCode_Target_5XX_Count": failed} if failed else {})
    counts = [
        {"MetricName": name, "Dimensions": dimensions, "Value": float(value), "Unit": "Count"}
        for name, value in counted.items()
    ]
    statistics = {"SampleCount": len(times), "Sum": sum(times), "Minimum": min(times), "Maximum": max(times)}
    return [
        *counts,
        {
            "MetricName": "TargetResponseTime",
            "Dimensions": dimensions,
            "StatisticValues": statistics,
            "Unit": "Seconds",
        },
    ]
