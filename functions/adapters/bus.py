"""The stack's event bus: publishing an event from a handler, and reading an event that a rule delivered."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from functions.domain.errors import BadInputError, NotificationError
from functions.domain.events import Event, event_type
from functions.handler import Allow, decode, encode

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

    from functions.runtime import Clients

SOURCE = "kiro.pipeline"
Kind = TypeVar("Kind", bound=Event)


class Bus:
    """Publishes the events of `domain/events.py`, as the workflows do."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("EVENT_BUS",)
    PUT: ClassVar[tuple[Allow, ...]] = (Allow(("events:PutEvents",), on="bus"),)

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The bus of this stack."""
        return cls(aws.client("events"), aws.setting("EVENT_BUS"))

    def put(self, event: Event) -> None:
        """Publish an event under its class's name; a refusal is a NotificationError, so that the caller is retried."""
        name = type(event).__name__
        entry = {
            "Source": SOURCE,
            "DetailType": name,
            "Detail": json.dumps(encode(event)),
            "EventBusName": self._name,
        }
        answer = self._client.put_events(Entries=[entry])  # type: ignore[list-item]
        if answer["FailedEntryCount"]:
            raise NotificationError(f"{name}: the event bus {self._name} refused it: {answer['Entries']}")


def read_event(envelope: Mapping[str, Any]) -> Event:
    """The event in an EventBridge envelope; an unknown name or a wrong field is a BadInputError."""
    event: Event = decode(event_type(envelope["detail-type"]), envelope["detail"])
    return event


def read_only(kind: type[Kind], envelope: Mapping[str, Any]) -> Kind:
    """The same for a function whose event rule matches one class of events; any other class is a BadInputError."""
    event = read_event(envelope)
    if not isinstance(event, kind):
        raise BadInputError(
            f"event bus: received {type(event).__name__}, expected {kind.__name__}: correct the event rule"
        )
    return event
