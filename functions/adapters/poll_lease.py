"""One poll at a time: a lease in the locks table that its holder gives back, or that expires.

A lock of `locks_table` belongs to an execution. A poll has no execution, so its lease has a time limit instead.

    taken ──────── poll ────────▶ given back
      └── another trigger: recorded ──▶ the holder polls once more
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.records import conditional
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

_KEY = {"lockKey": "poll/board"}


class PollLease:
    """Only one poll runs at a time; a trigger during a poll causes another pass.

    The lease also stores which items are running. The index of running items is eventually consistent, and the next
    poll must know the items that the last one started.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = ("LOCKS_TABLE",)
    WRITE: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:UpdateItem",), on="table/locks"),)

    def __init__(self, table: Any) -> None:
        self._table = table

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The table of this stack."""
        return cls(aws.table("LOCKS_TABLE"))

    def take(self, holder: str, now: datetime, seconds: float) -> tuple[str, ...] | None:
        """Take the lease and return the ids of running items; None if another poll runs, which then polls again."""
        moment = int(now.timestamp() * 1000)
        mine = {":holder": holder, ":until": moment + int(seconds * 1000), ":no": False, ":now": moment}
        begin = "SET holder = :holder, heldUntil = :until, again = :no"
        while True:
            taken = self._change(begin, "attribute_not_exists(heldUntil) OR heldUntil < :now", mine)
            if taken is not None:
                return tuple(taken.get("running", ()))
            if self._change("SET again = :yes", "heldUntil >= :now", {":yes": True, ":now": moment}) is not None:
                return None

    def give_back(self, holder: str, running: Iterable[str]) -> bool:
        """End the lease and record which items run; False if another trigger arrived: then one more pass is due."""
        mine = {":holder": holder, ":no": False}
        left = {**mine, ":none": 0, ":running": sorted(set(running))}
        if (
            self._change("SET heldUntil = :none, running = :running", "holder = :holder AND again = :no", left)
            is not None
        ):
            return True
        more = {**mine, ":yes": True}
        return self._change("SET again = :no", "holder = :holder AND again = :yes", more) is None

    def give_up(self, holder: str, running: Iterable[str]) -> None:
        """End the lease of a poll that failed: a trigger that arrived meanwhile gets no further pass of it."""
        left = {":holder": holder, ":none": 0, ":running": sorted(set(running))}
        self._change("SET heldUntil = :none, running = :running", "holder = :holder", left)

    def _change(self, update: str, condition: str, values: dict[str, Any]) -> dict[str, Any] | None:
        """The record after the change; None if its condition does not hold."""
        answer = conditional(
            self._table,
            "update_item",
            Key=_KEY,
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
        )
        return None if answer is None else dict(answer["Attributes"])
