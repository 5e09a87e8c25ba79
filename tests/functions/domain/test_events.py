"""Events of the stack's bus: a closed set, named after their classes."""

import pytest
from msgspec.structs import replace

from functions.domain.errors import BadInputError
from functions.domain.events import EVENTS, DeploymentFinished, UnknownEventError, event_type, release_of
from functions.domain.records import DeploymentRecord, StageRecord
from tests.functions.samples import DEPLOYMENT, RELEASE, event


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_found_by_its_name(name: str) -> None:
    """The `detail-type` is the class's name."""
    assert event_type(name).__name__ == name


def test_another_name_is_an_error_that_lists_them() -> None:
    """An unknown name is an error that lists the known names and the file to add a new one to."""
    with pytest.raises(UnknownEventError, match="StageFinished") as raised:
        event_type("StageEnded")
    assert "domain/events.py" in str(raised.value)


@pytest.mark.parametrize("name", EVENTS)
def test_a_release_is_found_where_there_is_one(name: str) -> None:
    """Every event has its release, except those about freezes and work items."""
    ours = RELEASE if name.startswith(("Approval", "Deployment", "Gates", "Stage", "Rollback")) else None
    assert release_of(event(name)) == ours


def test_a_concluded_record_is_announced_with_its_duration() -> None:
    """The duration is the time from Begin to Conclude, and 0 for a record without a start."""
    stages = {"test": StageRecord("passed")}
    record = DeploymentRecord(DEPLOYMENT, RELEASE, outcome="deployed", reason="all well", stages=stages)
    record = replace(record, started_at="2026-01-31T08:00:00.000Z", finished_at="2026-01-31T08:01:00.000Z")
    expected = DeploymentFinished(DEPLOYMENT, "deployed", "all well", RELEASE, 60, stages)
    assert DeploymentFinished.of(record) == expected
    lost = DeploymentRecord(DEPLOYMENT, outcome="failed", finished_at="2026-01-31T08:01:00.000Z")
    assert DeploymentFinished.of(lost).duration_seconds == 0


def test_a_deployment_that_goes_on_has_nothing_to_announce() -> None:
    """A record without an outcome is an error that names the deployment."""
    with pytest.raises(BadInputError, match=f"{DEPLOYMENT}: the deployment's record has no outcome"):
        DeploymentFinished.of(DeploymentRecord(DEPLOYMENT))
