"""Doubles of Step Functions for tests about something else; `test_fakes.py` holds them to the real adapters."""

from typing import Any

from functions.handler import encode


class FakeExecutions:
    """Executions that live until they are killed."""

    def __init__(self, *alive: str) -> None:
        self.alive = set(alive)
        self._known = frozenset(alive)

    def is_running(self, execution: str) -> bool:
        """Whether an execution lives; an unknown one does not."""
        return execution in self.alive

    def has_ended(self, execution: str) -> bool:
        """Whether an execution is known to have ended."""
        return execution in self._known - self.alive


class RecordingTokens:
    """Task tokens that remember how they were completed; a token is completed once."""

    def __init__(self) -> None:
        self.completed: dict[str, Any] = {}

    def succeed(self, token: str, answer: Any) -> bool:
        """Complete a token; False when it was completed before."""
        if token in self.completed:
            return False
        self.completed[token] = encode(answer)
        return True
