"""Annotations of traces, as X-Ray's daemon gets them."""

import json
import socket
import sys
from collections.abc import Iterator

import pytest

from functions.tracing import annotate

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled="


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    """The SDK's socket lives as long as its process, and would be a warning at the end of the tests."""
    yield
    if sdk := sys.modules.get("aws_xray_sdk.core"):
        sdk.xray_recorder.emitter._socket.close()


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What listens beside the function."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(5)
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", f"127.0.0.1:{listening.getsockname()[1]}")
        monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE + "1")
        monkeypatch.setenv("LAMBDA_TASK_ROOT", "/var/task")
        yield listening


@pytest.fixture
def without_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import of the SDK fails."""
    for name in ("aws_xray_sdk", "aws_xray_sdk.core"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize("failed", [True, False])
def test_a_trace_is_found_by_the_ids_of_the_log(daemon: socket.socket, *, failed: bool) -> None:
    """O1: as a subsegment of the function's own segment; keys have letters, digits and underscores only."""
    ids = {"deploymentId": "main-1", "environment": "production", "event-id": "e" * 300, "execution": ""}
    annotate("functions.stage.conclude", ids, 1.5, 2.5, failed=failed)
    header, _, body = daemon.recv(65_536).partition(b"\n")
    found = json.loads(body)
    assert json.loads(header) == {"format": "json", "version": 1}
    assert (found["trace_id"], found["parent_id"]) == ("1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8")
    assert (found["type"], found["start_time"], found["end_time"]) == ("subsegment", 1.5, 2.5)
    assert found.get("fault", False) is failed
    annotations = {"deploymentId": "main-1", "environment": "production", "event_id": "e" * 250}
    assert found["annotations"] == annotations
    assert len(found["id"]) == 16


def test_each_invocation_has_a_trace_of_its_own(daemon: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also two of the same trace, whose function has another segment the second time: a retry of a state."""
    for parent in ("a" * 16, "b" * 16):
        monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE.replace("53995c3f42cd8ad8", parent) + "1")
        annotate("functions.stage.conclude", {"environment": "test"}, 1.5, 2.5, failed=False)
        assert json.loads(daemon.recv(65_536).partition(b"\n")[2])["parent_id"] == parent


@pytest.mark.usefixtures("without_sdk")
def test_what_is_not_sampled_is_not_sent(daemon: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda samples one request a second, and five of a hundred; the others do not import the SDK."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE + "0")
    annotate("functions.stage.conclude", {"deploymentId": "main-1"}, 1.5, 2.5, failed=False)
    daemon.settimeout(0.1)
    with pytest.raises(TimeoutError):
        daemon.recv(65_536)


@pytest.mark.usefixtures("without_sdk")
def test_a_laptop_has_no_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent, and nothing fails."""
    monkeypatch.delenv("AWS_XRAY_DAEMON_ADDRESS", raising=False)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE + "1")
    annotate("functions.stage.conclude", {"deploymentId": "main-1"}, 1.5, 2.5, failed=False)
