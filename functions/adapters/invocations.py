"""Invokes, without waiting, the functions that do what takes longer than GitHub waits for an answer: 10 seconds.

https://docs.github.com/webhooks/using-webhooks/best-practices-for-using-webhooks#respond-within-10-seconds
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.handler import Allow, encode

if TYPE_CHECKING:
    from functions.domain.job_reviews import Job
    from functions.domain.steering import Instruction
    from functions.runtime import Clients


class Invocations:
    """The functions that the webhook invokes; the client is created with the first one."""

    # With that of `WorkerRules`, which few deliveries need; a test compares them.
    SETTINGS: ClassVar[tuple[str, ...]] = ("POLL_FUNCTION", "PLAN_FUNCTION", "REVIEW_FUNCTION", "WORKER")
    POLL: ClassVar[tuple[Allow, ...]] = (Allow(("lambda:InvokeFunction",), on="function/poll_board"),)
    PLAN: ClassVar[tuple[Allow, ...]] = (Allow(("lambda:InvokeFunction",), on="function/plan_pull_requests"),)
    REVIEW: ClassVar[tuple[Allow, ...]] = (Allow(("lambda:InvokeFunction",), on="function/review_jobs"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is created yet."""
        return cls(aws)

    def poll(self, instruction: "Instruction | None" = None) -> None:
        """Have the board polled before its schedule; an instruction is carried out first."""
        self._invoke("POLL_FUNCTION", {"instruction": encode(instruction)} if instruction else {})

    def show_progress(self, repository: str, branch: str) -> None:
        """Have the progress on a branch of the worker shown; any other branch invokes nothing."""
        from functions.adapters.worker_rules import WorkerRules

        rules = WorkerRules.connect(self._aws)
        if repository in rules.repositories and branch.startswith(rules.branch_namespace):
            from functions.domain.work_items import branch_key  # few pushes are of the worker

            self._invoke("POLL_FUNCTION", {"pushed": branch_key(repository, branch)})

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
