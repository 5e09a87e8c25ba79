"""The states that executions entered, read from their histories once: what is known of one is not read again."""

from collections import OrderedDict
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.clock import iso
from functions.adapters.executions import Executions
from functions.domain.console import Passed
from functions.handler import Allow

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from functions.runtime import Clients

# So much of a history is read at first; a loop of days has more, and its newest states are what is asked for.
_EVENTS = 1000
# GetExecutionHistory has a low quota for the whole account, so the trails of so many executions are kept:
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-api-action-throttling
_KEPT = 60


class StateTrails:
    """Histories are read from their newest event back to the last one that is known."""

    SETTINGS: ClassVar[tuple[str, ...]] = ()
    READ: ClassVar[tuple[Allow, ...]] = Executions.HISTORY

    def __init__(self, client: "SFNClient") -> None:
        self._client = client
        self._known: OrderedDict[str, tuple[int, tuple[Passed, ...]]] = OrderedDict()

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Step Functions in this account and region."""
        return cls(aws.client("stepfunctions"))

    def of(self, execution: str) -> tuple[Passed, ...]:
        """The states that an execution (an ARN) entered, oldest first; of a long history the newest."""
        last, before = self._known.pop(execution, (0, ()))
        newest, states = last, list[Passed]()
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=execution, reverseOrder=True, includeExecutionData=False, PaginationConfig={"PageSize": 200}
        )
        read = 0
        for event in (event for page in pages for event in page["events"]):
            if event["id"] <= last or read == _EVENTS:
                break
            newest, read = max(newest, event["id"]), read + 1
            entered = event.get("stateEnteredEventDetails")
            if entered:
                states.append(Passed(entered["name"], iso(event["timestamp"])))
        self._known[execution] = newest, (*before, *reversed(states))
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return self._known[execution][1]
