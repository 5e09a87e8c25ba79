"""A moved card starts a poll at once, and a pull request its plan; nothing else (W2, P13)."""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from functions.adapters.waiting_jobs import WaitingJobs
from functions.handler import encode
from tests.functions.domain.test_job_reviews import PAYLOAD
from tests.functions.domain.test_pushes import PUSH
from tests.functions.stack import Stack

SECRET = "webhook-secret"
ITEM = {"action": "edited", "projects_v2_item": {"id": 1, "node_id": "PVTI_1"}, "organization": {"login": "acme"}}
NPM = Path(__file__).parents[3] / "build" / "npm" / "node_modules" / "@octokit"
EXAMPLES = Path(os.environ.get("OCTOKIT", NPM)) / "webhooks-examples" / "api.github.com" / "index.json"


@pytest.fixture
def invoked(stack: Stack) -> Iterator[list[dict[str, Any]]]:
    """The invocations of Lambda functions, which moto would run in Docker."""
    stack.client("secretsmanager").create_secret(Name="kiro-webhook", SecretString=SECRET)
    calls: list[dict[str, Any]] = []
    client = stack.client("lambda")
    real = client._make_api_call

    def call(name: str, given: dict[str, Any]) -> Any:
        if name != "Invoke":
            return real(name, given)
        stack.record(given, client.meta.service_model.operation_model(name))
        calls.append(given)
        return {"StatusCode": 202}

    with patch.object(client, "_make_api_call", call):
        yield calls


def deliver(stack: Stack, event: str, payload: Any, secret: str = SECRET) -> tuple[int, str]:
    """Deliver an event as GitHub does; returns status and message."""
    body = json.dumps(payload)
    signature = "sha256=" + hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": signature, "X-GitHub-Event": event}
    answer = stack.run("events.github_webhook", {"headers": headers, "body": body})
    return answer["statusCode"], json.loads(answer["body"])["message"]


def test_a_moved_card_starts_a_poll(stack: Stack, invoked: list[dict[str, Any]]) -> None:
    """The function is invoked asynchronously."""
    assert deliver(stack, "projects_v2_item", ITEM) == (202, "the board is polled")
    assert [(one["FunctionName"], one["InvocationType"]) for one in invoked] == [("kiro-poll-board", "Event")]


def test_an_unsigned_delivery_starts_no_poll(stack: Stack, invoked: list[dict[str, Any]]) -> None:
    """A sender without the secret can't cause requests to GitHub."""
    assert deliver(stack, "projects_v2_item", ITEM, "other")[0] == 401
    assert invoked == []


@pytest.mark.parametrize("payload", [{}, {"projects_v2_item": None}, {"projects_v2_item": "x"}])
def test_another_format_is_refused(stack: Stack, invoked: list[dict[str, Any]], payload: Any) -> None:
    """The error names the wrong field."""
    status, said = deliver(stack, "projects_v2_item", payload)
    assert (status, "projects_v2_item" in said) == (400, True)
    assert invoked == []


COMMENT = {
    "action": "created",
    "issue": {"number": 7},
    "comment": {"id": 31, "body": "/kiro stop", "user": {"login": "ada"}},
    "repository": {"full_name": "acme/hello-service"},
}


def test_a_command_in_a_comment_is_passed_on_once(stack: Stack, invoked: list[dict[str, Any]]) -> None:
    """W10: to the poll, which knows GitHub; a copy of the delivery steers nothing."""
    assert deliver(stack, "issue_comment", COMMENT) == (202, "stop of #7 is passed on")
    assert deliver(stack, "issue_comment", COMMENT) == (202, "already handled: comment 31")
    (call,) = invoked
    instruction = {"verb": "stop", "repository": "acme/hello-service", "number": 7, "pullRequest": False, "by": "ada"}
    assert json.loads(call["Payload"]) == {"instruction": {**instruction, "comment": 31}}


def test_other_comments_invoke_nothing(stack: Stack, invoked: list[dict[str, Any]]) -> None:
    """An ordinary comment, an edited one, and one of another form."""
    talk = {**COMMENT, "comment": {**COMMENT["comment"], "body": "Looks good"}}  # type: ignore[dict-item]
    assert deliver(stack, "issue_comment", talk) == (202, "ignored: the comment is no instruction")
    assert deliver(stack, "issue_comment", {**COMMENT, "action": "edited"})[0] == 202
    assert deliver(stack, "issue_comment", {"action": "created"})[0] == 400
    assert invoked == []


@pytest.mark.skipif(not EXAMPLES.exists(), reason="npm's @octokit/webhooks-examples is not installed")
@pytest.mark.parametrize("event", ["ping", "push", "projects_v2_item", "issue_comment", "pull_request"])
def test_the_published_examples_are_accepted(stack: Stack, invoked: list[dict[str, Any]], event: str) -> None:
    """Every example payload of every used event."""
    found = next(one for one in json.loads(EXAMPLES.read_text("utf-8")) if one["name"] == event)
    assert found["examples"]
    for example in found["examples"]:
        assert deliver(stack, event, example)[0] == 202
    assert len(invoked) == (len(found["examples"]) if event == "projects_v2_item" else 0)


PULL = {
    "action": "opened",
    "number": 7,
    "pull_request": {"base": {"ref": "main"}},
    "repository": {"full_name": "acme/hello-service"},
}


@pytest.mark.parametrize(
    "changes", [{}, {"action": "synchronize"}, {"action": "reopened"}, {"action": "edited", "changes": {"base": {}}}]
)
def test_a_pull_request_is_planned(stack: Stack, invoked: list[dict[str, Any]], changes: dict[str, Any]) -> None:
    """P13: by its number; what else a delivery says of it may be out of date."""
    assert deliver(stack, "pull_request", {**PULL, **changes}) == (202, "#7 is planned")
    ((name, payload),) = [(one["FunctionName"], json.loads(one["Payload"])) for one in invoked]
    assert (name, payload) == ("kiro-plan-pull-requests", {"repository": "acme/hello-service", "number": 7})


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"action": "closed"}, 202, "not when it is closed"),
        ({"action": "edited", "changes": {"title": {}}}, 202, "not when it is edited"),
        ({"pull_request": {"base": {"ref": "next"}}}, 202, "only pull requests to main"),
        ({"repository": {"full_name": "eve/other"}}, 202, "not delivered"),
        ({"number": "7"}, 400, "pull_request: number"),
        ({"pull_request": None}, 400, "pull_request: pull_request is missing"),
        ({"action": 1}, 400, "pull_request: action is missing"),
    ],
)
def test_other_events_of_pull_requests_start_nothing(
    stack: Stack, invoked: list[dict[str, Any]], changes: dict[str, Any], status: int, said: str
) -> None:
    """Each answer says why."""
    answer = deliver(stack, "pull_request", {**PULL, **changes})
    assert answer[0] == status
    assert said in answer[1]
    assert invoked == []


def test_a_job_of_actions_is_kept_and_reviewed_once(stack: Stack, invoked: list[dict[str, Any]]) -> None:
    """P13: a copy of the delivery asks nothing; the job is kept, so that a lost invocation does no harm."""
    assert deliver(stack, "deployment_protection_rule", PAYLOAD) == (202, "run 7 is reviewed for production")
    assert deliver(stack, "deployment_protection_rule", PAYLOAD)[1].startswith("already handled: job/")
    (job,) = WaitingJobs.connect(stack.clients).all()
    assert (job.run, job.environment, job.commit) == (7, "production", PAYLOAD["sha"])
    ((name, payload),) = [(one["FunctionName"], json.loads(one["Payload"])) for one in invoked]
    assert (name, payload) == ("kiro-review-jobs", {"job": encode(job)})


def test_a_job_of_another_repository_is_not_kept(stack: Stack, invoked: list[dict[str, Any]]) -> None:
    """Nor one with another form."""
    foreign = {**PAYLOAD, "repository": {"full_name": "eve/hello-service"}}
    assert deliver(stack, "deployment_protection_rule", foreign)[0] == 202
    assert deliver(stack, "deployment_protection_rule", {**PAYLOAD, "deployment_callback_url": "https://eve"})[0] == 400
    assert (invoked, list(WaitingJobs.connect(stack.clients).all())) == ([], [])


def test_a_push_of_the_worker_has_its_progress_shown(stack: Stack, invoked: list[dict[str, Any]]) -> None:
    """W10: the branch of a task is not delivered, and a deleted one shows nothing."""
    pushed = {**PUSH, "ref": "refs/heads/kiro/greet"}
    assert deliver(stack, "push", pushed)[1].startswith("ignored: branch kiro/greet is not delivered")
    assert [json.loads(one["Payload"]) for one in invoked] == [{"pushed": "branch/acme/hello-service/kiro/greet"}]
    deliver(stack, "push", {**pushed, "deleted": True})
    deliver(stack, "push", {**pushed, "ref": "refs/tags/kiro/greet"})
    assert deliver(stack, "push", {"repository": {"full_name": "eve/hello-service"}})[0] == 202
    assert len(invoked) == 1
