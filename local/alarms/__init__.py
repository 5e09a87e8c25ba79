"""Alarms of the embedded AWS, with dimensions, missing data and the metrics that functions write into their logs."""

from local.alarms.definitions import metric_tags
from local.alarms.evaluator import AlarmEvaluator

__all__ = ["AlarmEvaluator", "metric_tags"]
