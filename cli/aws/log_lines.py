"""Lines in CloudWatch Logs that concern one deployment or attempt."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cli.aws.builds import Builds, started_by
from functions.adapters.clock import iso
from functions.runtime import Clients


class LogLines:
    """The log groups of a stack's functions and builds, whose names begin with `prefix`."""

    def __init__(self, aws: Clients, prefix: str) -> None:
        self._logs = aws.client("logs")
        self._builds = Builds(aws, prefix)
        self._prefix = prefix

    def of_functions(self, name: str, since: str) -> Iterator[dict[str, Any]]:
        """The lines that contain a name, such as a deployment's id; `since` is ISO 8601.

        A quoted pattern matches this text anywhere in a line.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
        """
        for group in self._groups("/aws/lambda/"):
            pages = self._logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=_milliseconds(since), filterPattern=f'"{name}"'
            )
            for event in (event for page in pages for event in page["events"]):
                yield _line(event, group.rpartition("/")[2].removeprefix(self._prefix))

    def of_builds(self, name: str, since: str) -> Iterator[dict[str, Any]]:
        """The lines of the builds that a deployment or attempt has started since then."""
        for group in self._groups("/aws/codebuild/"):
            project = group.rpartition("/")[2]
            for build in self._builds.of_project(project, since):
                stream = build.get("logs", {}).get("streamName")
                if started_by(build) == name and stream:
                    pages = self._logs.get_paginator("filter_log_events").paginate(
                        logGroupName=group, logStreamNames=[stream]
                    )
                    for event in (event for page in pages for event in page["events"]):
                        yield _line(event, build["id"].removeprefix(self._prefix))

    def _groups(self, kind: str) -> Iterator[str]:
        pages = self._logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"{kind}{self._prefix}")
        return (group["logGroupName"] for page in pages for group in page["logGroups"])


def _line(event: Any, source: str) -> dict[str, Any]:
    """A line; one of a function is an object of JSON, of which the level and message are for people."""
    at = iso(datetime.fromtimestamp(event["timestamp"] / 1000).astimezone())
    text = event["message"].rstrip("\n")
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if not isinstance(whole, dict) or "message" not in whole:
        return {"at": at, "source": source, "message": text, "fields": {}}
    message = " ".join(
        str(whole[key]) for key in ("level", "message", "outcome", "reason", "exception") if whole.get(key)
    )
    return {"at": at, "source": source, "message": message, "fields": whole}


def _milliseconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1000)
