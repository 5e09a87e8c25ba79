"""Builds: how they end, in words."""

import pytest

from functions.adapters.builds import Builds
from functions.domain.texts import REASON
from tests.functions import builds
from tests.functions.stack import Stack


def test_the_failed_phases_speak(stack: Stack) -> None:
    """Only they, and not endlessly; the log is told."""
    build_id = builds.start(stack)
    phases = [
        {"phaseType": "INSTALL", "phaseStatus": "SUCCEEDED", "contexts": [{"message": "fine"}]},
        {"phaseType": "BUILD", "phaseStatus": "FAILED", "contexts": [{"message": "x" * 5000}, {"message": ""}]},
        {"phaseType": "COMPLETED"},
    ]
    builds.end(stack, build_id, "FAILED", phases=phases, logs={"deepLink": "https://log"})
    end = Builds.connect(stack.clients).read(build_id)
    assert end.reason.startswith("BUILD: xxx")
    assert (end.outcome, len(end.reason), end.log) == ("failed", REASON, "https://log")


def test_a_build_without_words_is_told_by_its_status(stack: Stack) -> None:
    """The status is better than nothing."""
    build_id = builds.start(stack)
    builds.end(stack, build_id, "STOPPED", logs={})
    assert Builds.connect(stack.clients).read(build_id).reason == "the build ended as STOPPED"


@pytest.mark.parametrize("known", [True, False])
def test_stopping_is_no_fault(stack: Stack, known: bool) -> None:
    """A build that runs, one that has ended, one that nobody knows."""
    build_id = builds.start(stack) if known else "kiro:gone"
    for _ in range(2):
        Builds.connect(stack.clients).stop(build_id)
