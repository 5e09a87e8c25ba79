"""The current time, and the format of times in records and events."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from functions.runtime import Clients


def iso(moment: datetime) -> str:
    """UTC, whole milliseconds, sortable as text: `2026-01-31T08:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Clock:
    """The wall clock."""

    SETTINGS: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def connect(cls, _aws: "Clients") -> Self:
        """The clock of the system."""
        return cls()

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC)

    def text(self) -> str:
        """The current time in the format of `iso`."""
        return iso(self.now())
