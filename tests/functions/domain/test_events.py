"""Events of the stack's own bus: a closed set, named after their classes."""

from dataclasses import replace

import pytest

from functions.domain.errors import BadInputError
from functions.domain.events import EVENTS, DeploymentFinished, UnknownEventError, event_type, release_of
from functions.domain.records import DeploymentRecord, StageRecord
from tests.functions.samples import DEPLOYMENT, RELEASE, event


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_found_by_its_name(name: str) -> None:
    """The `detail-type` is the class's name."""
    assert event_type(name).__name__ == name


def test_another_name_is_an_error_that_lists_them() -> None:
    """It says what is known, and where to add one."""
    with pytest.raises(UnknownEventError, match="StageFinished") as raised:
        event_type("StageEnded")
    assert "domain/events.py" in str(raised.value)


@pytest.mark.parametrize("name", EVENTS)
def test_a_release_is_found_where_there_is_one(name: str) -> None:
    """Freezes and work items are about none."""
    ours = RELEASE if name.startswith(("Deployment", "Gates", "Stage", "Rollback")) else None
    assert release_of(event(name)) == ours


def test_a_concluded_record_is_announced_with_its_duration() -> None:
    """From Begin to Conclude; without a beginning it took no time."""
    stages = {"test": StageRecord("passed")}
    record = DeploymentRecord(DEPLOYMENT, RELEASE, outcome="deployed", reason="all well", stages=stages)
    record = replace(record, started_at="2026-01-31T08:00:00.000Z", finished_at="2026-01-31T08:01:00.000Z")
    expected = DeploymentFinished(DEPLOYMENT, "deployed", "all well", RELEASE, 60, stages)
    assert DeploymentFinished.of(record) == expected
    lost = DeploymentRecord(DEPLOYMENT, outcome="failed", finished_at="2026-01-31T08:01:00.000Z")
    assert DeploymentFinished.of(lost).duration_seconds == 0


def test_a_deployment_that_goes_on_has_nothing_to_announce() -> None:
    """The record is named."""
    with pytest.raises(BadInputError, match=f"{DEPLOYMENT}: its record has no outcome yet"):
        DeploymentFinished.of(DeploymentRecord(DEPLOYMENT))
