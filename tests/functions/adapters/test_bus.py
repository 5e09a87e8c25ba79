"""The stack's event bus."""

import pytest

from functions.adapters.bus import SOURCE, Bus
from functions.domain.errors import NotificationError
from tests.functions.samples import RELEASE
from tests.functions.stack import Stack


def test_an_event_has_its_source_and_its_detail(stack: Stack) -> None:
    """The same form that the workflows put."""
    stack.recording = True
    Bus.connect(stack.clients).put("DeploymentFinished", {"release": RELEASE})
    stack.recording = False
    assert stack.told()[0][1]["release"]["authorEmail"] == "ada@example.com"
    (entry,) = stack.calls[0].given["Entries"]
    assert (entry["Source"], entry["EventBusName"]) == (SOURCE, "kiro-bus")


def test_a_refused_event_is_a_fault(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """PutEvents answers 200 also when it refused."""
    refusal = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
    monkeypatch.setattr(stack.client("events"), "_make_api_call", lambda *_: refusal)
    with pytest.raises(NotificationError, match="DeploymentFinished: the event bus kiro-bus refused it"):
        Bus.connect(stack.clients).put("DeploymentFinished", {})
