"""Requests a poll of the board now, before its schedule."""

import json
from typing import TYPE_CHECKING, ClassVar, Self

from functions.handler import Allow, encode

if TYPE_CHECKING:
    from functions.domain.steering import Instruction
    from functions.runtime import Clients


class Polls:
    """The function that polls the board; the client is created when a poll is requested."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("POLL_FUNCTION",)
    REQUEST: ClassVar[tuple[Allow, ...]] = (Allow(("lambda:InvokeFunction",), on="function/poll_board"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is created yet."""
        return cls(aws)

    def request(self, instruction: "Instruction | None" = None) -> None:
        """Request the same poll as the schedule does, without waiting for it; an instruction is carried out before."""
        payload = {"instruction": encode(instruction)} if instruction else {}
        self._aws.client("lambda").invoke(
            FunctionName=self._aws.setting("POLL_FUNCTION"),
            InvocationType="Event",
            Payload=json.dumps(payload).encode(),
        )
