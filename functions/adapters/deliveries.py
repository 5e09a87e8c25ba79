"""Webhook deliveries that started an execution, recorded so that a copy of an old one starts nothing."""

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.clock import Clock
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients

# Step Functions allows the name of an execution again after 90 days. Then only this record detects a copy.
_KEPT = timedelta(days=400)


class Deliveries:
    """One record per delivery in the waits table; its key has the digest of the body.

    GitHub signs only the body: a copy may have a new delivery id, but its body is the same.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = ("WAITS_TABLE",)
    USE: ClassVar[tuple[Allow, ...]] = (Allow(("dynamodb:GetItem", "dynamodb:UpdateItem"), on="table/waits"),)

    def __init__(self, aws: "Clients", clock: Clock) -> None:
        self._aws = aws
        self._clock = clock

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The client is created after the signature was verified."""
        return cls(aws, Clock())

    def handled(self, body: bytes) -> str:
        """The execution that this delivery started before; empty for a new delivery."""
        item = self._aws.table("WAITS_TABLE").get_item(Key={"waitKey": _key(body)}, ConsistentRead=True).get("Item")
        return str(item["started"]) if item else ""

    def remember(self, body: bytes, delivery_id: str, started: str) -> None:
        """Record the execution that a delivery started; a repetition writes the same record."""
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
    from hashlib import sha256

    from functions.domain.pushes import DeliveryKey

    return str(DeliveryKey(sha256(body).hexdigest()))
