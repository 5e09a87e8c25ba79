"""Completes the task tokens of Await states."""

import json
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.handler import Allow, encode

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from functions.runtime import Clients


class TaskTokens:
    """A token is completed once; a second or late completion is no error, because the wait has ended either way."""

    SETTINGS: ClassVar[tuple[str, ...]] = ()
    COMPLETE: ClassVar[tuple[Allow, ...]] = (
        Allow(
            ("states:SendTaskSuccess",),
            on="*",
            why="task tokens have no ARN; AWS allows no narrower resource",
        ),
    )

    def __init__(self, client: "SFNClient") -> None:
        self._client = client

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Step Functions in this account and region."""
        return cls(aws.client("stepfunctions"))

    def succeed(self, token: str, answer: Any) -> bool:
        """Complete a token with the output of its state; False if no state waits with it any more."""
        errors = self._client.exceptions
        try:
            self._client.send_task_success(taskToken=token, output=json.dumps(encode(answer)))
        except (errors.TaskTimedOut, errors.TaskDoesNotExist, errors.InvalidToken):
            return False
        return True
