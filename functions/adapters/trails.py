"""CloudTrail's event history of an environment: who changed a part (R15)."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from functions.adapters.in_environments import InEnvironments
from functions.domain.drift import Author, Trace, author_of, fits
from functions.domain.environments import Environment


class Trails(InEnvironments):
    """The management events of 90 days, which CloudTrail keeps in every account without a trail.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
    """

    SERVICE = "cloudtrail"

    def last_change(self, environment: Environment, traces: Iterable[Trace], since: str) -> Author | None:
        """Who changed the part last since a time (ISO 8601), the platform excepted; None if CloudTrail shows nobody."""
        found = (next(self._authors(environment, trace, since), None) for trace in traces)
        return max((one for one in found if one), key=lambda one: one.at, default=None)

    def _authors(self, environment: Environment, trace: Trace, since: str) -> Iterator[Author]:
        """Who caused the events of a trace, newest first.

        A call has one attribute, and CloudTrail allows two calls a second:
        https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
        """
        pages = self._reader(environment).get_paginator("lookup_events")
        wanted = [{"AttributeKey": "EventName", "AttributeValue": trace.event}]
        for page in pages.paginate(LookupAttributes=wanted, StartTime=datetime.fromisoformat(since)):
            for one in page["Events"]:
                event: dict[str, Any] = json.loads(one.get("CloudTrailEvent") or "{}")
                author = author_of(event, environment.deploy_role_arn) if fits(trace, event) else None
                if author and "errorCode" not in event:  # a call that was refused changed nothing
                    yield author
