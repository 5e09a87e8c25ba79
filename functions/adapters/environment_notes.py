"""Rows of the environments table about parts that are pinned (R14), and that run what is not recorded (R15)."""

from collections.abc import Iterator
from typing import Any

from functions.adapters.records import conditional, every, stored
from functions.domain.drift import Drift
from functions.domain.environments import Freeze
from functions.domain.pins import Pin
from functions.handler import decode

_PINS, _DRIFTS = "*pin/", "*drift/"


class EnvironmentNotes:
    """The part of `EnvironmentsTable` that is about pins and drift.

    A pin that has ended leaves who ended it, when and why.
    """

    def __init__(self, table: Any) -> None:
        self._table = table

    def pins(self, environment: str) -> dict[str, Pin]:
        """The pins of an environment, by part (strongly consistent)."""
        rows = (row for row in self._rows(environment) if row["part"].startswith(_PINS) and row.get("pin"))
        return {pin.part: pin for pin in (decode(Pin, row["pin"]) for row in rows)}

    def pin(self, pin: Pin, before: Pin | None) -> bool:
        """Write the pin of a part that had the pin `before`; False if somebody else has changed that since."""
        return self._set(pin.environment, pin.part, "SET pin = :pin REMOVE ended", before, {":pin": stored(pin)})

    def unpin(self, pin: Pin, ended: Freeze) -> bool:
        """End a pin, and record who did, why and when; False if it is another one by now."""
        changes = {":ended": stored(ended)}
        return self._set(pin.environment, pin.part, "SET ended = :ended REMOVE pin", pin, changes)

    def drifts(self, environment: str) -> dict[str, Drift]:
        """The drift of an environment that people were notified of, by part."""
        rows = (row for row in self._rows(environment) if row["part"].startswith(_DRIFTS) and row.get("drift"))
        return {drift.part: drift for drift in (decode(Drift, row["drift"]) for row in rows)}

    def note_drift(self, drift: Drift) -> None:
        """Write the drift of a part; the last write counts, because one function checks at a time."""
        self._table.update_item(
            Key={"environment": drift.environment, "part": _DRIFTS + drift.part},
            UpdateExpression="SET drift = :drift",
            ExpressionAttributeValues={":drift": stored(drift)},
        )

    def forget_drift(self, drift: Drift) -> None:
        """Record that a part has no drift any more."""
        self._table.update_item(
            Key={"environment": drift.environment, "part": _DRIFTS + drift.part}, UpdateExpression="REMOVE drift"
        )

    def _set(self, environment: str, part: str, change: str, before: Pin | None, values: dict[str, Any]) -> bool:
        # A pin is told from another of the same part by its whole content.
        unchanged = "pin = :before" if before else "attribute_not_exists(pin)"
        written = conditional(
            self._table,
            "update_item",
            Key={"environment": environment, "part": _PINS + part},
            UpdateExpression=change,
            ConditionExpression=unchanged,
            ExpressionAttributeValues={**values, **({":before": stored(before)} if before else {})},
        )
        return written is not None

    def _rows(self, environment: str) -> Iterator[dict[str, Any]]:
        return every(
            self._table,
            "query",
            KeyConditionExpression="environment = :environment",
            ExpressionAttributeValues={":environment": environment},
            ConsistentRead=True,
        )
