"""Invokes, without waiting, the functions that do what takes longer than GitHub waits for an answer: 10 seconds.

https://docs.github.com/webhooks/using-webhooks/best-practices-for-using-webhooks#respond-within-10-seconds
"""

import json
from typing import TYPE_CHECKING, ClassVar, Self

from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients


class Invocations:
    """The functions that the webhook invokes; the client is created with the first one."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("PLAN_FUNCTION",)
    USE: ClassVar[tuple[Allow, ...]] = (Allow(("lambda:InvokeFunction",), on="function/plan_pull_requests"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is created yet."""
        return cls(aws)

    def plan(self, repository: str, number: int) -> None:
        """Have a pull request planned."""
        payload = {"repository": repository, "number": number}
        self._aws.client("lambda").invoke(
            FunctionName=self._aws.setting("PLAN_FUNCTION"),
            InvocationType="Event",
            Payload=json.dumps(payload).encode(),
        )
