"""Having the board polled now rather than at its time."""

from typing import TYPE_CHECKING, ClassVar, Self

from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients


class Polls:
    """The function that polls the board; the client is made when a card has moved."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("POLL_FUNCTION",)
    HURRY: ClassVar[tuple[Allow, ...]] = (Allow(("lambda:InvokeFunction",), on="function/poll_board"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is made here."""
        return cls(aws)

    def hurry(self) -> None:
        """Ask for a poll, and wait for nothing: it is the same poll that the schedule asks for."""
        self._aws.client("lambda").invoke(
            FunctionName=self._aws.setting("POLL_FUNCTION"), InvocationType="Event", Payload=b"{}"
        )
