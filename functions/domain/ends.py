"""The effects of settling an execution that ended, as data: one class per effect (P9).

`words` turns an effect into text, for logs and command output.
"""

from collections.abc import Iterable
from typing import assert_never

from functions.domain.values import Value
from functions.domain.waits import WaitKey


class WaitEnded(Value, frozen=True):
    """A wait of the execution was ended: its build was stopped, or its approval request is void."""

    key: WaitKey


class StageStopped(Value, frozen=True):
    """A stage that was still running after its deployment had ended was stopped."""

    execution: str


class OutcomeAnnounced(Value, frozen=True):
    """The outcome was published on behalf of a deployment that ended before it could publish it."""

    outcome: str


class RollbackUnderway(Value, frozen=True):
    """A rollback execution was started for a stage that ended early; the stage's lock is kept until it has ended."""

    environment: str


class LeftToDeployment(Value, frozen=True):
    """The deployment of the stage is still running and rolls back; the stage's lock is kept until then."""


class LockReleased(Value, frozen=True):
    """A lock was released to the next waiter."""

    key: str


class LeftFrozen(Value, frozen=True):
    """The environment was frozen, because it is unknown what an interrupted rollback restored."""

    environment: str


Effect = WaitEnded | StageStopped | OutcomeAnnounced | RollbackUnderway | LeftToDeployment | LockReleased | LeftFrozen


def keeps_lock(effects: Iterable[Effect]) -> bool:
    """Whether the lock stays with the ended execution, so that no other deployment enters before the rollback."""
    return any(isinstance(one, (RollbackUnderway, LeftToDeployment)) for one in effects)


def words(effect: Effect) -> str:
    """An effect as text for people."""
    match effect:
        case WaitEnded(key):
            return f"ended {key}"
        case StageStopped(execution):
            return f"stopped {execution}"
        case OutcomeAnnounced(outcome):
            return f"announced {outcome}"
        case RollbackUnderway(environment):
            return f"rolling back {environment}"
        case LeftToDeployment():
            return "left to the deployment to roll back"
        case LockReleased(key):
            return f"released {key}"
        case LeftFrozen(environment):
            return f"froze {environment}"
        case _:
            assert_never(effect)
