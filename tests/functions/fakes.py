"""Fakes of the Step Functions adapters; `test_fakes.py` compares them with the real adapters."""

from typing import Any

from functions.handler import encode


class FakeExecutions:
    """Executions that run until they are stopped."""

    def __init__(self, *alive: str) -> None:
        self.alive = set(alive)
        self._known = frozenset(alive)

    def is_running(self, execution: str) -> bool:
        """Whether an execution is running; an unknown one is not."""
        return execution in self.alive

    def has_ended(self, execution: str) -> bool:
        """Whether an execution is known to have ended."""
        return execution in self._known - self.alive


class RecordingTokens:
    """Task tokens that record their completions; a token can be completed once."""

    def __init__(self) -> None:
        self.completed: dict[str, Any] = {}

    def succeed(self, token: str, answer: Any) -> bool:
        """Complete a token; False when it was already completed."""
        if token in self.completed:
            return False
        self.completed[token] = encode(answer)
        return True
