"""Invokes, without waiting, the functions that do what takes longer than GitHub waits for an answer: 10 seconds.

https://docs.github.com/webhooks/using-webhooks/best-practices-for-using-webhooks#respond-within-10-seconds
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.handler import Allow, encode

if TYPE_CHECKING:
    from functions.domain.job_reviews import Job
    from functions.runtime import Clients


class Invocations:
    """The functions that the webhook invokes; the client is created with the first one."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("PLAN_FUNCTION", "REVIEW_FUNCTION")
    USE: ClassVar[tuple[Allow, ...]] = (
        Allow(("lambda:InvokeFunction",), on="function/plan_pull_requests"),
        Allow(("lambda:InvokeFunction",), on="function/review_jobs"),
    )

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is created yet."""
        return cls(aws)

    def plan(self, repository: str, number: int) -> None:
        """Have a pull request planned."""
        self._invoke("PLAN_FUNCTION", {"repository": repository, "number": number})

    def review(self, job: "Job") -> None:
        """Have a job of GitHub Actions answered."""
        self._invoke("REVIEW_FUNCTION", {"job": encode(job)})

    def _invoke(self, setting: str, payload: Mapping[str, Any]) -> None:
        self._aws.client("lambda").invoke(
            FunctionName=self._aws.setting(setting),
            InvocationType="Event",
            Payload=json.dumps(payload).encode(),
        )
