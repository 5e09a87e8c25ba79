"""Somebody who may open issues and comment on GitHub, and wants failures to stay unnoticed."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from functions.adapters.bus import read_only
from functions.adapters.github.pull_requests import PullRequests
from functions.domain.events import RollbackFinished
from functions.domain.incidents import LABEL, end_marker, marker
from local.github import LocalGitHub
from tests.functions.adapters.github.conftest import connected
from tests.functions.samples import DEPLOYMENT, detail
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY

_ENDED = {"result": "unknown", "reason": "errors", "verifiedAt": "2026-01-31T08:01:01.500Z"}


@pytest.fixture
def worker(hub: LocalGitHub) -> Iterator[PullRequests]:
    """GitHub with the platform's own credential."""
    with connected(PullRequests, hub) as made:
        yield made


def post(hub: LocalGitHub, path: str, **body: Any) -> int:
    """Send a stranger's request; the number or id of what it made."""
    hub.add_token("strangers", "mallory", "mallory@x.io")
    answer = requests.post(
        f"{hub.api_url}/repos/{REPOSITORY}/{path}",
        json=body,
        headers={"Authorization": "Bearer strangers", "Connection": "close"},
        timeout=10,
    )
    answer.raise_for_status()
    made = answer.json()
    return int(made.get("number") or made["id"])


def issues(hub: LocalGitHub) -> list[Any]:
    """The issues of the repository, oldest first."""
    return list(hub.repository(REPOSITORY).issues)


def test_a_marker_of_a_stranger_silences_no_failure(hub: LocalGitHub, worker: PullRequests) -> None:
    """A stranger writes the marker of an attempt on a work item first: the platform's comment is made all the same."""
    number = post(hub, "issues", title="Add a feature")
    for _ in range(101):  # more than GitHub judges in one request
        post(hub, f"issues/{number}/comments", body="<!-- kiro-worker:attempt-1 -->\nAll is well.")
    for _ in range(2):
        worker.comment_once(REPOSITORY, number, "kiro-worker:attempt-1", "The tests failed.")
    comments = [one.body for one in issues(hub)[0].comments]
    assert [one for one in comments if "The tests failed." in one] == comments[101:]
    assert len(comments) == 102


def test_an_incident_of_a_stranger_hides_no_rollback(stack: Stack, hub: LocalGitHub) -> None:
    """A stranger opens an incident or comments on its end first: the platform opens and comments on its own, once."""
    post(hub, "issues", title="Nothing", body=marker("production", DEPLOYMENT), labels=[LABEL])
    happened = {"detail-type": "RollbackFinished", "detail": detail("RollbackFinished", **_ENDED)}
    for _ in range(2):
        stack.run("events.track_incident", {"detail-type": "RollbackStarted", "detail": detail("RollbackStarted")})
    forged, real = issues(hub)
    post(hub, f"issues/{real.number}/comments", body=f"{end_marker(read_only(RollbackFinished, happened))}\nRestored.")
    for _ in range(2):
        stack.run("events.track_incident", happened)
    assert ["Not restored" in one.body for one in real.comments] == [False, True]
    assert forged.comments == []


def test_an_incident_of_a_stranger_is_not_closed(stack: Stack, hub: LocalGitHub) -> None:
    """A stranger wants the platform to close and comment on an issue that it did not open: it does not."""
    post(hub, "issues", title="Nothing", body=marker("production", DEPLOYMENT), labels=[LABEL])
    stages = {"production": {"result": "passed"}}
    happened = detail("DeploymentFinished", outcome="deployed", stages=stages)
    assert stack.run("events.track_incident", {"detail-type": "DeploymentFinished", "detail": happened})["issues"] == []
    assert [(one.state, one.comments) for one in issues(hub)] == [("open", [])]
