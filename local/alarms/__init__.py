"""Alarms of the embedded AWS that see dimensions, missing data and the metrics functions write into their logs."""

from local.alarms.definitions import metric_tags
from local.alarms.evaluator import AlarmEvaluator

__all__ = ["AlarmEvaluator", "metric_tags"]
