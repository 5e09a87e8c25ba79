"""Webhook deliveries that started something, so that a copy of an old one starts nothing again."""

from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.clock import Clock
from functions.domain.waits import DeliveryKey
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

# Step Functions forgets the name of an execution after 90 days; from then on only this memory keeps a copy out.
_KEPT = timedelta(days=400)


class Deliveries:
    """One item per delivery beside the waits, under the digest of its body.

    GitHub signs the body and nothing else: a copy may carry a new delivery id, but not other bytes.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = ("WAITS_TABLE",)
    USE: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:GetItem", "dynamodb:UpdateItem"), on="table/waits"),)

    def __init__(self, aws: "Clients", clock: Clock) -> None:
        self._aws = aws
        self._clock = clock

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is made before a signature was proven."""
        return cls(aws, Clock())

    def handled(self, body: bytes) -> str:
        """What this delivery started before; empty when it is new."""
        item = self._aws.table("WAITS_TABLE").get_item(Key={"waitKey": _key(body)}, ConsistentRead=True).get("Item")
        return str(item["started"]) if item else ""

    def remember(self, body: bytes, delivery_id: str, started: str) -> None:
        """Note what a delivery started; a repetition notes the same."""
        self._aws.table("WAITS_TABLE").update_item(
            Key={"waitKey": _key(body)},
            UpdateExpression="SET deliveryId = :id, started = :started, expiresAt = :expires",
            ExpressionAttributeValues={
                ":id": delivery_id[:64],
                ":started": started,
                ":expires": int((self._clock.now() + _KEPT).timestamp()),
            },
        )


def _key(body: bytes) -> str:
    return str(DeliveryKey(sha256(body).hexdigest()))
