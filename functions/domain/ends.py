"""What is done about the end of an execution, as data: one class per effect (P9).

`words` is the one place that turns them into text, for logs and answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from functions.domain.waits import WaitKey


@dataclass(frozen=True, slots=True)
class WaitEnded:
    """A wait of the execution is over: its build was stopped, its request is void."""

    key: WaitKey


@dataclass(frozen=True, slots=True)
class StageStopped:
    """A stage that outlived its deployment was stopped."""

    execution: str


@dataclass(frozen=True, slots=True)
class OutcomeAnnounced:
    """The outcome that the deployment could not announce itself."""

    outcome: str


@dataclass(frozen=True, slots=True)
class RollbackUnderway:
    """What a stage had changed goes back in an execution of its own; the dead stage keeps its lock until then."""

    environment: str


@dataclass(frozen=True, slots=True)
class LeftToDeployment:
    """The stage's deployment lives and rolls back; the dead stage keeps its lock until then."""


@dataclass(frozen=True, slots=True)
class LockReleased:
    """A lock was given to the next in line."""

    key: str


@dataclass(frozen=True, slots=True)
class LeftFrozen:
    """Nobody knows how far a rollback came, so nothing deploys there."""

    environment: str


Effect = WaitEnded | StageStopped | OutcomeAnnounced | RollbackUnderway | LeftToDeployment | LockReleased | LeftFrozen


def keeps_lock(effects: Iterable[Effect]) -> bool:
    """Whether the lock stays with its dead owner, so that nobody comes between it and the rollback."""
    return any(isinstance(one, (RollbackUnderway, LeftToDeployment)) for one in effects)


def words(effect: Effect) -> str:
    """An effect for people."""
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
