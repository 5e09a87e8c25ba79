"""Effects of settling an ended execution, and their texts."""

from typing import get_args

from functions.domain.ends import (
    Effect,
    LeftFrozen,
    LeftToDeployment,
    LockReleased,
    OutcomeAnnounced,
    RollbackUnderway,
    StageStopped,
    WaitEnded,
    keeps_lock,
    words,
)
from functions.domain.waits import BuildKey

WORDS: dict[Effect, str] = {
    WaitEnded(BuildKey("b:1")): "ended build/b:1",
    StageStopped("arn:e"): "stopped arn:e",
    OutcomeAnnounced("aborted"): "announced aborted",
    RollbackUnderway("test"): "rolling back test",
    LeftToDeployment(): "left to the deployment to roll back",
    LockReleased("environment/test"): "released environment/test",
    LeftFrozen("test"): "froze test",
}


def test_every_effect_has_its_words() -> None:
    """Every effect has a text for logs and command output."""
    assert {type(effect) for effect in WORDS} == set(get_args(Effect))
    assert {effect: words(effect) for effect in WORDS} == WORDS


def test_only_a_rollback_keeps_the_lock() -> None:
    """P9: the lock is kept only until a rollback has ended; after any other effect it is released."""
    keeping = {effect for effect in WORDS if keeps_lock([OutcomeAnnounced("failed"), effect])}
    assert keeping == {RollbackUnderway("test"), LeftToDeployment()}
