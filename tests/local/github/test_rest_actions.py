"""Jobs that wait for an App: its webhook alone gets the request, and only its answer is taken."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from github import Auth, Github, GithubException
from github.Repository import Repository

from local.github import LocalGitHub
from local.github.description import published
from local.github.records import WaitingJob
from local.github.rest_actions import EVENT, repeat_job, start_job
from tests.local.github.support import DESCRIPTION, REPOSITORY, SECRET, Receiver, WorkingCopy, eventually

INSTALLATION = 77


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The address of an App's webhook."""
    with Receiver() as running:
        yield running


@pytest.fixture
def job(hub: LocalGitHub, copy: WorkingCopy, receiver: Receiver) -> WaitingJob:
    """A job of main that waits for production; the repository's own webhook wants every event."""
    copy.commit("first", {"a": "1"})
    copy.push()
    hub.add_app("42", INSTALLATION, "", hook=(receiver.url, SECRET))
    hub.add_token("ghs_app", "app-42[bot]")
    return start_job(hub, REPOSITORY, INSTALLATION, "production")


@pytest.fixture
def app(hub: LocalGitHub, job: WaitingJob) -> Iterator[Repository]:
    """The repository for the App."""
    with Github(base_url=hub.api_url, auth=Auth.Token("ghs_app"), retry=None, lazy=True) as client:
        yield client.get_repo(REPOSITORY)


def answer(repo: Repository, job: WaitingJob, **body: Any) -> int:
    """The status of GitHub's answer to a review."""
    url = f"{repo.url}/actions/runs/{job.id}/{EVENT}"
    try:
        repo.requester.requestJsonAndCheck("POST", url, input={"environment_name": "production", **body})
    except GithubException as refused:
        return refused.status
    return 204


def pending(repo: Repository, job: WaitingJob) -> list[str]:
    """The environments that the run waits for."""
    _, listed = repo.requester.requestJsonAndCheck("GET", f"{repo.url}/actions/runs/{job.id}/pending_deployments")
    found: list[Any] = listed
    return [one["environment"]["name"] for one in found]


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="npm's @octokit/openapi is not installed")
def test_the_request_is_as_published(hub: LocalGitHub, job: WaitingJob, receiver: Receiver) -> None:
    """https://docs.github.com/webhooks/webhook-events-and-payloads#deployment_protection_rule: for Apps only."""
    (sent,) = eventually(lambda: receiver.events(EVENT))
    assert sent.headers["X-Github-Hook-Installation-Target-Type"] == "integration"
    differences = published(DESCRIPTION).of_event("webhook-deployment-protection-rule-requested", json.loads(sent.body))
    assert list(differences) == []


def test_only_the_app_answers_and_only_once(api: Repository, app: Repository, job: WaitingJob) -> None:
    """A person's token is refused; after the answer nothing waits."""
    assert answer(api, job, state="approved") == 403
    assert pending(api, job) == ["production"]
    assert answer(app, job, state="rejected", comment="not now") == 204
    assert (job.state, job.comment, pending(api, job)) == ("rejected", "not now", [])
    assert answer(app, job, state="approved") == 422


def test_a_repeated_run_waits_again(
    hub: LocalGitHub, api: Repository, app: Repository, job: WaitingJob, receiver: Receiver
) -> None:
    """Its request differs from the first one."""
    assert answer(app, job, state="rejected") == 204
    repeat_job(hub, REPOSITORY, INSTALLATION, job)
    assert pending(api, job) == ["production"]
    first, second = eventually(lambda: len(receiver.events(EVENT)) == 2 and receiver.events(EVENT))
    assert first.body != second.body


@pytest.mark.parametrize(
    "body", [{"state": "maybe"}, {}, {"comment": "x" * 1025}, {"environment_name": "staging", "state": "approved"}]
)
def test_what_github_refuses_is_refused(app: Repository, job: WaitingJob, body: dict[str, Any]) -> None:
    """Neither state nor comment, too long a comment, an environment that does not wait."""
    assert answer(app, job, **body) == 422
    assert job.state == "waiting"


@pytest.mark.long
def test_ten_reports_are_taken(app: Repository, job: WaitingJob) -> None:
    """https://docs.github.com/actions/how-tos/deploy/configure-and-manage-deployments/create-custom-protection-rules"""
    assert [answer(app, job, comment=f"report {number}") for number in range(11)] == [204] * 10 + [422]
    assert len(job.reports) == 10
