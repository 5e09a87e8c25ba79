"""A failed notification never stops, delays or changes anything: in these tests the bus is gone (N2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.statemachines.paths.answers import ENVIRONMENTS, plan
from tests.statemachines.paths.executions import answer

if TYPE_CHECKING:
    from tests.statemachines.paths.runner import WorkflowRunner


@pytest.fixture(scope="module")
def without_bus(runner: WorkflowRunner) -> WorkflowRunner:
    """A runner whose workflows can't put events on the bus."""
    return runner.without_bus()


@pytest.mark.long
def test_a_deployment_goes_on_and_ends_unannounced(without_bus: WorkflowRunner) -> None:
    """The release is deployed; the failed end starts the handler that announces it in another way."""
    execution = without_bus.run("deployment", {"PlanRelease": answer(plan(ENVIRONMENTS[0]))})
    assert execution.payload_of("deployment/Conclude")["outcome"] == "deployed"
    assert execution.states[-3:] == ["Conclude", "AnnounceEnd", "EndedUntold"]
    assert (execution.status, execution.error) == ("FAILED", "EndedUntold")


def test_a_stage_passes_without_the_bus(without_bus: WorkflowRunner) -> None:
    """Its result is in its output, where the deployment reads it."""
    execution = without_bus.run("stage")
    assert execution.states[-2:] == ["Announce", "Ended"]
    assert (execution.status, execution.output["result"]) == ("SUCCEEDED", "passed")


def test_a_rollback_restores_without_the_bus(without_bus: WorkflowRunner) -> None:
    """Neither its start nor its end waits for the bus."""
    execution = without_bus.run("rollback")
    assert execution.states[:3] == ["Open", "ReadRecord", "AnnounceStart"]
    assert execution.states[-2:] == ["AnnounceEnd", "Ended"]
    assert (execution.status, execution.output["result"]) == ("SUCCEEDED", "restored")
