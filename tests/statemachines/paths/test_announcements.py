"""Telling people never stops, delays or changes anything: in these plays the bus is gone (N2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.statemachines.paths.answers import ENVIRONMENTS, plan
from tests.statemachines.paths.playing import answer

if TYPE_CHECKING:
    from tests.statemachines.paths.house import House


@pytest.fixture(scope="module")
def deaf(house: House) -> House:
    """The same workflows, where nothing can be put on the bus."""
    return house.deaf()


def test_a_deployment_goes_on_and_ends_untold(deaf: House) -> None:
    """The release is deployed; the failed end wakes the handler that tells it another way."""
    played = deaf.play("deployment", {"PlanRelease": answer(plan(ENVIRONMENTS[0]))})
    assert played.told("deployment/Conclude")["outcome"] == "deployed"
    assert played.states[-3:] == ["Conclude", "AnnounceEnd", "EndedUntold"]
    assert (played.status, played.error) == ("FAILED", "EndedUntold")


def test_a_stage_passes_all_the_same(deaf: House) -> None:
    """The result is in the output, where the deployment reads it."""
    played = deaf.play("stage")
    assert played.states[-2:] == ["Announce", "Ended"]
    assert (played.status, played.output["result"]) == ("SUCCEEDED", "passed")


def test_a_rollback_restores_all_the_same(deaf: House) -> None:
    """Neither its start nor its end waits for the bus."""
    played = deaf.play("rollback")
    assert played.states[:3] == ["Open", "AnnounceStart", "LeaseGiven"]
    assert played.states[-2:] == ["AnnounceEnd", "Ended"]
    assert (played.status, played.output["result"]) == ("SUCCEEDED", "restored")
