"""Requests a poll of the board now, before its schedule."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.handler import Allow, encode

if TYPE_CHECKING:
    from functions.domain.steering import Instruction
    from functions.runtime import Clients


class Polls:
    """The function that polls the board; the client is created when a poll is requested."""

    # With that of `WorkerRules`, which few deliveries need; a test compares them.
    SETTINGS: ClassVar[tuple[str, ...]] = ("POLL_FUNCTION", "WORKER")
    REQUEST: ClassVar[tuple[Allow, ...]] = (Allow(("lambda:InvokeFunction",), on="function/poll_board"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is created yet."""
        return cls(aws)

    def request(self, instruction: "Instruction | None" = None) -> None:
        """Request the same poll as the schedule does, without waiting for it; an instruction is carried out before."""
        self._invoke({"instruction": encode(instruction)} if instruction else {})

    def pushed(self, repository: str, branch: str) -> None:
        """Have the progress on a branch of the worker shown; a push of any other branch invokes nothing."""
        from functions.adapters.worker_rules import WorkerRules

        rules = WorkerRules.connect(self._aws)
        if repository in rules.repositories and branch.startswith(rules.branch_namespace):
            from functions.domain.work_items import branch_key  # few pushes are of the worker

            self._invoke({"pushed": branch_key(repository, branch)})

    def _invoke(self, payload: Mapping[str, Any]) -> None:
        self._aws.client("lambda").invoke(
            FunctionName=self._aws.setting("POLL_FUNCTION"),
            InvocationType="Event",
            Payload=json.dumps(payload).encode(),
        )
