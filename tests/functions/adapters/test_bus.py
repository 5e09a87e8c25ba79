"""The stack's event bus."""

import pytest

from functions.adapters.bus import SOURCE, Bus, read_event, read_only
from functions.domain.errors import BadInputError, NotificationError
from functions.domain.events import DeploymentFinished, EnvironmentFrozen, GatesJudged, UnknownEventError
from functions.handler import encode
from tests.functions.samples import DEPLOYMENT, RELEASE
from tests.functions.stack import Stack


def test_an_event_has_its_source_and_its_detail(stack: Stack) -> None:
    """A published event has the same source, name and detail as one of a workflow."""
    stack.recording = True
    Bus.connect(stack.clients).put(DeploymentFinished(DEPLOYMENT, "deployed", "all well", RELEASE))
    stack.recording = False
    assert stack.told()[0][0] == "DeploymentFinished"
    assert stack.told()[0][1]["release"]["authorEmail"] == "ada@example.com"
    (entry,) = stack.calls[0].given["Entries"]
    assert (entry["Source"], entry["EventBusName"]) == (SOURCE, "kiro-bus")


def test_a_refused_event_is_a_fault(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is a NotificationError: PutEvents reports it with status 200."""
    refusal = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
    monkeypatch.setattr(stack.client("events"), "_make_api_call", lambda *_: refusal)
    with pytest.raises(NotificationError, match="DeploymentFinished: the event bus kiro-bus refused it"):
        Bus.connect(stack.clients).put(DeploymentFinished(DEPLOYMENT, "deployed", "all well"))


def test_what_was_put_is_read_as_it_was() -> None:
    """An event is read back from its JSON and its name."""
    event = DeploymentFinished(DEPLOYMENT, "deployed", "all well", RELEASE, 12.5)
    assert read_event({"detail-type": "DeploymentFinished", "detail": encode(event)}) == event


def test_an_unknown_event_names_those_that_are_known() -> None:
    """An unknown `detail-type` is an error that lists the known ones, and is never ignored."""
    with pytest.raises(UnknownEventError, match=r"'DeploymentFinnished' \(known: Depl.*domain/events.py"):
        read_event({"detail-type": "DeploymentFinnished", "detail": {}})


def test_a_misspelt_field_is_a_fault() -> None:
    """An unknown or missing field is an error that names the event and the field."""
    with pytest.raises(BadInputError, match=r"EnvironmentFrozen: .*missing required field `by`"):
        read_event({"detail-type": "EnvironmentFrozen", "detail": {"environment": "test", "reason": "", "since": ""}})


def test_a_function_for_one_event_takes_no_other() -> None:
    """An event of another class is an error, for the rule that delivered it matches too much."""
    frozen = {"detail-type": "EnvironmentFrozen", "detail": encode(EnvironmentFrozen("test", "why", "Ada", "now"))}
    assert read_only(EnvironmentFrozen, frozen).by == "Ada"
    with pytest.raises(BadInputError, match="received EnvironmentFrozen, expected GatesJudged"):
        read_only(GatesJudged, frozen)
