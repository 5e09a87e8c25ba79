"""Metrics from function logs: the Embedded Metric Format, and Lambda's own START and REPORT lines.

The emulator counts AWS/Lambda metrics only for a direct Invoke, but its logs have every invocation. A function that
exceeds its Timeout leaves no error line and is not counted as an error.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.alarms.store import Metric, Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local.clients import Clients

PREFIX = "/aws/lambda/"
# an event gets its timestamp before it is stored, so it may appear a little late
LATE_MILLISECONDS = 2000
PAGE = 10_000
STANDARD_RESOLUTION_SECONDS = 60
DURATION = re.compile(r"^REPORT RequestId: \S+\tDuration: ([\d.]+) ms")
# the runtime client's line for an exception that left the handler; a logger's line has a tab here
UNHANDLED = re.compile(r"^\[ERROR\] [A-Za-z_][\w.]*(:|$)")
# the emulator's own Python worker prints a traceback that begins in its own file
WORKER_FRAME = re.compile(r'^  File ".*[/\\]_worker\.py", line \d+, in run')

LogEvent = dict[str, Any]


class LogTail:
    """Reads new lines of the function logs; remembers the position in every log group."""

    def __init__(self, clients: Clients) -> None:
        self._logs = clients.client("logs")
        self._stored: dict[str, int] = {}
        self._newest: dict[str, int] = {}
        self._recent: dict[str, Counter[tuple[str, int, str]]] = {}
        self._invocations = Invocations()

    def read(self) -> Iterator[Point]:
        """Yield the points of all lines written since the last call."""
        for page in self._logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=PREFIX):
            for group in page["logGroups"]:
                name = group["logGroupName"]
                if self._stored.get(name) != group["storedBytes"]:
                    yield from self._read_group(name)
                    # set only now, so that a failed read is repeated
                    self._stored[name] = group["storedBytes"]

    def _read_group(self, group: str) -> Iterator[Point]:
        while True:
            start = max(0, self._newest.get(group, 0) - LATE_MILLISECONDS)
            try:
                events = self._logs.filter_log_events(logGroupName=group, startTime=start, limit=PAGE)["events"]
            except ClientError:
                # deleted between the listing and now
                return
            for event in self._unseen(group, events):
                yield from self._invocations.read(event, group.removeprefix(PREFIX))
            if len(events) < PAGE:
                return

    def _unseen(self, group: str, events: list[LogEvent]) -> list[LogEvent]:
        before, now, fresh = self._recent.get(group, Counter()), Counter[tuple[str, int, str]](), []
        for event in events:
            identity = (event["logStreamName"], event["timestamp"], event["message"])
            now[identity] += 1
            # equal lines in one millisecond are two lines
            if now[identity] > before[identity]:
                fresh.append(event)
        self._recent[group] = now
        self._newest[group] = max([self._newest.get(group, 0), *(event["timestamp"] for event in events)])
        return fresh


class Invocations:
    """Follows invocations line by line; the end of each yields one point for each of Lambda's own metrics."""

    def __init__(self) -> None:
        self._failed: set[str] = set()

    def read(self, event: LogEvent, function: str) -> Iterator[Point]:
        """Yield the points that follow from one log line."""
        message, seconds = str(event["message"]).rstrip("\n"), event["timestamp"] / 1000
        # the emulator writes a stream per invocation
        stream = f"{function}/{event['logStreamName']}"
        if message.startswith("{"):
            try:
                document = json.loads(message)
            except ValueError:
                return
            yield from embedded_points(document, seconds)
            if document.get("errorType") and "stackTrace" in document:
                self._failed.add(stream)
        elif UNHANDLED.match(message) or WORKER_FRAME.match(message):
            self._failed.add(stream)
        elif found := DURATION.match(message):
            failed = stream in self._failed
            self._failed.discard(stream)
            for name, value in (("Invocations", 1.0), ("Errors", float(failed)), ("Duration", float(found[1]))):
                metric = Metric("AWS/Lambda", name, frozenset({("FunctionName", function)}))
                yield Point(metric, seconds, value)


def embedded_points(document: Mapping[str, Any], ingested: float) -> Iterator[Point]:
    """Yield the points of an Embedded Metric Format document; invalid parts are ignored, as on AWS."""
    metadata = document.get("_aws")
    if not isinstance(metadata, dict):
        return
    time = float(metadata.get("Timestamp", ingested * 1000)) / 1000
    for directive in metadata.get("CloudWatchMetrics", []):
        for names in directive.get("Dimensions") or [[]]:
            if not all(isinstance(document.get(name), str) for name in names):
                continue
            dimensions = frozenset((name, document[name]) for name in names)
            for definition in directive.get("Metrics", []):
                metric = Metric(directive["Namespace"], definition["Name"], dimensions)
                high = definition.get("StorageResolution") == 1
                # CloudWatch stores a standard metric by the minute
                moment = time if high else time // STANDARD_RESOLUTION_SECONDS * STANDARD_RESOLUTION_SECONDS
                for value in _values(document.get(definition["Name"])):
                    yield Point(metric, moment, value)


def _values(written: Any) -> list[float]:
    values = written if isinstance(written, list) else [written]
    return [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
