"""One poll at a time: a lease in the locks table that ends with its holder or, should that die, with its time.

A lock of `locks_table` belongs to an execution; a poll has none, so its own time limit takes the execution's place.

    taken ──────── poll ────────▶ given back
      └── another comes: noted ──▶ the holder polls once more
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.entry import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

_KEY = {"lockKey": "poll/board"}


class PollLease:
    """The lease; whoever comes while it is held is remembered, so that no wish to poll is lost."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("LOCKS_TABLE",)
    WRITE: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:UpdateItem",), on="table/locks"),)

    def __init__(self, table: Any) -> None:
        self._table = table

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The table of this stack."""
        return cls(aws.table("LOCKS_TABLE"))

    def take(self, holder: str, now: datetime, seconds: float) -> bool:
        """Whether the poll may begin; if not, its wish is noted for the one that runs."""
        moment = int(now.timestamp() * 1000)
        mine = {":holder": holder, ":until": moment + int(seconds * 1000), ":no": False, ":now": moment}
        begin = "SET holder = :holder, heldUntil = :until, again = :no"
        while not self._change(begin, "attribute_not_exists(heldUntil) OR heldUntil < :now", mine):
            if self._change("SET again = :yes", "heldUntil >= :now", {":yes": True, ":now": moment}):
                return False
        return True

    def give_back(self, holder: str) -> bool:
        """End the lease; False when somebody came meanwhile, and the holder is to poll once more."""
        mine = {":holder": holder, ":no": False}
        if self._change("SET heldUntil = :none", "holder = :holder AND again = :no", {**mine, ":none": 0}):
            return True
        return not self._change("SET again = :no", "holder = :holder AND again = :yes", {**mine, ":yes": True})

    def _change(self, update: str, condition: str, values: dict[str, Any]) -> bool:
        failed = self._table.meta.client.exceptions.ConditionalCheckFailedException
        try:
            self._table.update_item(
                Key=_KEY, UpdateExpression=update, ConditionExpression=condition, ExpressionAttributeValues=values
            )
        except failed:
            return False
        return True
