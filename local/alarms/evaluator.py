"""A thread that evaluates every alarm once a second and publishes changes of state.

The emulator evaluates an alarm only when PutMetricData or PutMetricAlarm is called, and ignores dimensions. Such a
state is recognised by its wording and corrected before an event is published; it does reach the alarm's own SNS
actions. The emulator derives SNS actions and composite alarms from SetAlarmState, so they are not repeated here.
"""

from __future__ import annotations

import json
import logging
import re
import time
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.alarms import definitions
from local.alarms.evaluation import COMPARISONS, Verdict, evaluate, evaluation_range
from local.alarms.events import AlarmState, state_change
from local.alarms.expressions import ExpressionError, compute
from local.alarms.log_metrics import LogTail
from local.alarms.store import Metric, MetricStore
from local.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local.alarms.definitions import AlarmDefinition, MetricQuery
    from local.clients import Clients

Record = dict[str, Any]
Series = dict[int, float]
logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
PAGE = 100
QUERIES = 500
# "Threshold Crossed: Sum 5.0 GreaterThanThreshold 1.0": CloudWatch never uses these words
EMULATORS_WORDS = re.compile(r"^Threshold Crossed: \S+ [-\d.e+]+ \w+Threshold ")
# CloudWatch evaluates again after a period or a minute; a state set by hand stays as long as that
LONGEST_HOLD_SECONDS = 60.0


class AlarmEvaluator(Background):
    """Evaluates all alarms of the emulator; calls `publish` with an event for each change of state.

    Every period is shortened by the factor `clock`, to whole seconds (`ALARM_CLOCK` in local/settings.py).
    """

    def __init__(
        self,
        clients: Clients,
        publish: Callable[[Record], None],
        interval: float = INTERVAL_SECONDS,
        clock: int = 1,
    ) -> None:
        super().__init__("alarm-evaluator")
        self._clock = clock
        self._cloudwatch = clients.client("cloudwatch")
        self._publish = publish
        self._interval = interval
        self._store = MetricStore()
        self._tail = LogTail(clients)
        self._published: dict[str, AlarmState] = {}
        self._held: dict[str, float] = {}
        self._math: dict[str, tuple[Any, list[Record]]] = {}
        self._complained: set[str] = set()
        self._first = True

    def work(self) -> None:
        """Evaluate all alarms once in each interval."""
        while not self.stopping.wait(self._interval):
            try:
                self._evaluate_all()
            except (BotoCoreError, ClientError):
                # the emulator is starting, stopping or gone; the next interval tries again
                logger.debug("the emulator did not answer", exc_info=True)
            except Exception:
                logger.exception("alarms could not be evaluated; trying again")

    def _evaluate_all(self) -> None:
        self._store.add(self._tail.read())
        metric, composites = self._describe("MetricAlarm", "CompositeAlarm")
        alarms = {alarm["AlarmName"]: alarm for alarm in metric}
        judged = {name: definition for name, alarm in alarms.items() if (definition := self._definition(alarm))}
        now = time.time()
        fetched = self._fetch(judged.values(), now)
        for name, alarm in alarms.items():
            self._notice(alarm)
            if name in judged:
                verdict = self._judge(judged[name], fetched, now)
                self._settle(alarm, verdict)
        # read again: a composite alarm is right only after its children are
        for alarm in self._describe("CompositeAlarm")[1] if composites else []:
            self._notice(alarm)
        for gone in set(self._published) - set(alarms) - {alarm["AlarmName"] for alarm in composites}:
            del self._published[gone]
        self._first = False

    def _describe(self, *kinds: str) -> tuple[list[Record], list[Record]]:
        """Return the metric alarms and the composite alarms."""
        paginator = self._cloudwatch.get_paginator("describe_alarms")
        pages = list(paginator.paginate(AlarmTypes=list(kinds), PaginationConfig={"PageSize": PAGE}))
        metric = [alarm for page in pages for alarm in page["MetricAlarms"]]
        return metric, [alarm for page in pages for alarm in page["CompositeAlarms"]]

    def _definition(self, alarm: Record) -> AlarmDefinition | None:
        if not alarm.get("MetricName") and not alarm.get("Metrics"):
            updated = alarm.get("AlarmConfigurationUpdatedTimestamp")
            known, metrics = self._math.get(alarm["AlarmName"], (None, []))
            if known != updated or not metrics:
                tags = self._cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
                metrics = definitions.metrics_of(tags)
                self._math[alarm["AlarmName"]] = (updated, metrics)
            alarm["Metrics"] = metrics
        return definitions.read(alarm, self._clock)

    def _fetch(self, alarms: Iterable[AlarmDefinition], now: float) -> dict[MetricQuery, Series]:
        """Return the series of every query: from the logs if they have the metric, otherwise from the emulator."""
        fetched: dict[MetricQuery, Series] = {}
        elsewhere: dict[MetricQuery, int] = {}
        for alarm in alarms:
            begin = evaluation_range(alarm, now)[-1]
            for query in alarm.queries:
                if query.metric in self._store:
                    fetched[query] = self._store.series(query.metric, query.statistic, query.period, begin)
                else:
                    elsewhere[query] = min(begin, elsewhere.get(query, begin))
        # Most metrics have no data most of the time, and querying all of them would be the largest cost here.
        there = self._existing() if elsewhere else set()
        wanted = [query for query in elsewhere if query.metric in there]
        for start in range(0, len(wanted), QUERIES):
            fetched |= self._query_emulator(wanted[start : start + QUERIES], min(elsewhere.values()), now)
        return fetched

    def _existing(self) -> set[Metric]:
        dimensions = itemgetter("Name", "Value")
        return {
            Metric(found["Namespace"], found["MetricName"], frozenset(map(dimensions, found["Dimensions"])))
            for page in self._cloudwatch.get_paginator("list_metrics").paginate()
            for found in page["Metrics"]
        }

    def _query_emulator(self, queries: list[MetricQuery], begin: float, now: float) -> dict[MetricQuery, Series]:
        entries = [
            {
                "Id": f"q{index}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": query.metric.namespace,
                        "MetricName": query.metric.name,
                        "Dimensions": [{"Name": n, "Value": v} for n, v in sorted(query.metric.dimensions)],
                    },
                    "Period": query.period,
                    "Stat": query.statistic,
                },
            }
            for index, query in enumerate(queries)
        ]
        answer = self._cloudwatch.get_metric_data(
            MetricDataQueries=entries,
            StartTime=datetime.fromtimestamp(begin, UTC),
            EndTime=datetime.fromtimestamp(now, UTC) + timedelta(seconds=60),
        )
        return {
            queries[int(result["Id"][1:])]: {
                int(moment.timestamp()): value
                for moment, value in zip(result["Timestamps"], result["Values"], strict=True)
            }
            for result in answer["MetricDataResults"]
        }

    def _judge(self, alarm: AlarmDefinition, fetched: dict[MetricQuery, Series], now: float) -> Verdict | None:
        series = {query.id: fetched.get(query, {}) for query in alarm.queries}
        periods = evaluation_range(alarm, now)
        if alarm.comparison not in COMPARISONS:
            self._skip(alarm, f"comparison {alarm.comparison} is not supported here; use {', '.join(COMPARISONS)}")
            return None
        try:
            for identifier, expression in alarm.expressions:
                series[identifier] = compute(expression, series, periods)
        except ExpressionError as error:
            self._skip(alarm, str(error))
            return None
        return evaluate(alarm, series[alarm.watched], now)

    def _skip(self, alarm: AlarmDefinition, why: str) -> None:
        if alarm.name not in self._complained:
            self._complained.add(alarm.name)
            logger.warning("alarm %s is not evaluated: %s", alarm.name, why)

    def _notice(self, alarm: Record) -> None:
        """Publish a change of state that was made from outside."""
        name, state = alarm["AlarmName"], _state(alarm)
        if name not in self._published:
            unknown = AlarmState("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation", "", state.since)
            self._published[name] = state if self._first else unknown
        if state.value == self._published[name].value or EMULATORS_WORDS.match(state.reason):
            return
        self._publish_change(alarm, state)
        period = float(alarm.get("Period") or LONGEST_HOLD_SECONDS)
        self._held[name] = time.monotonic() + min(period, LONGEST_HOLD_SECONDS) / self._clock

    def _settle(self, alarm: Record, verdict: Verdict | None) -> None:
        """Set the state that an alarm should have, and publish it when it is a change."""
        name, published = alarm["AlarmName"], self._published[alarm["AlarmName"]]
        foreign = bool(EMULATORS_WORDS.match(alarm["StateReason"]))
        held = time.monotonic() < self._held.get(name, 0)
        if verdict is None or (held and verdict.state != "ALARM"):
            if foreign:
                self._set(name, published.value, published.reason, published.reason_data)
            return
        if verdict.state == alarm["StateValue"] and not foreign:
            return
        data = json.dumps(verdict.reason_data)
        self._set(name, verdict.state, verdict.reason, data)
        if verdict.state != published.value:
            self._publish_change(alarm, AlarmState(verdict.state, verdict.reason, data, datetime.now(UTC)))

    def _set(self, name: str, state: str, reason: str, data: str) -> None:
        extra = {"StateReasonData": data} if data else {}
        self._cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason, **extra)

    def _publish_change(self, alarm: Record, state: AlarmState) -> None:
        self._publish(state_change(alarm, self._published[alarm["AlarmName"]], state))
        self._published[alarm["AlarmName"]] = state


def _state(alarm: Record) -> AlarmState:
    return AlarmState(
        alarm["StateValue"],
        alarm.get("StateReason", ""),
        alarm.get("StateReasonData", ""),
        alarm["StateUpdatedTimestamp"],
    )
