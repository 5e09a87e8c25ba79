"""The stack's own event bus, for what is told outside a workflow."""

import json
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.domain.errors import NotificationError
from functions.handler import Allow, encode

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

    from functions.runtime import Clients

SOURCE = "kiro.pipeline"


class Bus:
    """Domain events: the same that the workflows put."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("EVENT_BUS",)
    PUT: ClassVar[tuple[Allow, ...]] = (Allow(("events:PutEvents",), on="bus"),)

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The bus of this stack."""
        return cls(aws.client("events"), aws.setting("EVENT_BUS"))

    def put(self, name: str, detail: Any) -> None:
        """Put one event; a refusal is a NotificationError, so that the caller is run again."""
        entry = {
            "Source": SOURCE,
            "DetailType": name,
            "Detail": json.dumps(encode(detail)),
            "EventBusName": self._name,
        }
        answer = self._client.put_events(Entries=[entry])  # type: ignore[list-item]
        if answer["FailedEntryCount"]:
            raise NotificationError(f"{name}: the event bus {self._name} refused it: {answer['Entries']}")
