"""Which channels an event was sent to, so that a repetition sends to the others only; and threads in Slack (N1)."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.clock import Clock
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

# As long as a dead letter is kept, which a person may send again.
_KEPT = timedelta(days=14)
# As long as the record of a deployment.
_THREAD_KEPT = timedelta(days=90)


class Notified:
    """One record per event in the waits table, with a mark for each channel; one per deployment, with its thread."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WAITS_TABLE",)
    USE: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:GetItem", "dynamodb:UpdateItem"), on="table/waits"),)

    def __init__(self, table: Any, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The table of this stack."""
        return cls(aws.table("WAITS_TABLE"), Clock())

    def channels(self, event_id: str) -> frozenset[str]:
        """The channels that the event with this id was sent to (strongly consistent)."""
        row = self._table.get_item(Key={"waitKey": _key(event_id)}, ConsistentRead=True).get("Item", {})
        return frozenset(row) - {"waitKey", "expiresAt"}

    def note(self, event_id: str, channel: str) -> None:
        """Record that the event was sent to a channel."""
        self._table.update_item(
            Key={"waitKey": _key(event_id)},
            UpdateExpression="SET #channel = :yes, expiresAt = :expires",
            ExpressionAttributeNames={"#channel": channel},
            ExpressionAttributeValues={":yes": True, ":expires": int((self._clock.now() + _KEPT).timestamp())},
        )

    def thread(self, deployment_id: str) -> str:
        """The message with which the thread of a deployment began (`channel/ts`); "" before that."""
        key = {"waitKey": f"thread/{deployment_id}"}
        return str(self._table.get_item(Key=key, ConsistentRead=True).get("Item", {}).get("first", ""))

    def note_thread(self, deployment_id: str, first: str) -> None:
        """Record the first message of a deployment's thread; a later one changes nothing."""
        self._table.update_item(
            Key={"waitKey": f"thread/{deployment_id}"},
            UpdateExpression="SET #first = if_not_exists(#first, :first), expiresAt = :expires",
            ExpressionAttributeNames={"#first": "first"},
            ExpressionAttributeValues={
                ":first": first,
                ":expires": int((self._clock.now() + _THREAD_KEPT).timestamp()),
            },
        )


def _key(event_id: str) -> str:
    return f"notified/{event_id}"
