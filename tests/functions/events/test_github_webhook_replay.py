"""The webhook handles a copy of an old delivery, whose signature is valid, only once."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from functions.domain.releases import repository_mark
from tests.functions.samples import COMMIT
from tests.functions.stack import Stack

SECRET = "the webhook's secret"
MARK = repository_mark("acme/hello-service")
PUSH = {
    "ref": "refs/heads/main",
    "before": "0" * 40,
    "after": COMMIT,
    "deleted": False,
    "repository": {"full_name": "acme/hello-service"},
    "head_commit": {"id": COMMIT, "message": "feat"},
}


@pytest.fixture(autouse=True)
def _secret(stack: Stack) -> None:
    stack.client("secretsmanager").create_secret(Name="kiro-webhook", SecretString=SECRET)


def deliver(stack: Stack, payload: Any = PUSH, guid: str = "guid-1", event: str = "push") -> tuple[int, str]:
    """A signed delivery."""
    body = json.dumps(payload)
    headers = {
        "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest(),
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid,
    }
    answer = stack.run("events.github_webhook", {"headers": headers, "body": body})
    return answer["statusCode"], json.loads(answer["body"])["message"]


def starts(stack: Stack) -> int:
    """The number of requests to start an execution."""
    return sum(call.action == "states:StartExecution" for call in stack.calls)


@pytest.mark.parametrize("guid", ["guid-1", "guid-2", ""])
def test_a_copy_starts_nothing(stack: Stack, guid: str) -> None:
    """With its own delivery id or a new one: GitHub signs the body, not the id."""
    assert deliver(stack) == (202, f"started: main-{MARK}-{COMMIT[:12]}")
    assert deliver(stack, guid=guid) == (202, f"already handled: main-{MARK}-{COMMIT[:12]}")
    assert starts(stack) == 1


def test_another_push_is_another_delivery(stack: Stack) -> None:
    """A delivery is identified by its bytes."""
    deliver(stack)
    other = {**PUSH, "after": "b" * 40, "head_commit": {"id": "b" * 40, "message": "feat"}}
    assert deliver(stack, other) == (202, f"started: main-{MARK}-bbbbbbbbbbbb")


def test_a_delivery_that_started_nothing_may_come_again(stack: Stack) -> None:
    """If the repository is delivered by now, GitHub's redelivery of the push starts a deployment."""
    elsewhere = {**PUSH, "repository": {"full_name": "acme/new"}}
    assert deliver(stack, elsewhere)[1].startswith("ignored")
    stack.settings["REPOSITORIES"] = "acme/hello-service,acme/new"
    assert deliver(stack, elsewhere)[1].startswith("started")


@pytest.mark.parametrize("ref", ["refs/heads/feature", "refs/tags/v1", "refs/pull/1/head"])
def test_only_the_configured_ref_starts(stack: Stack, ref: str) -> None:
    """A signed push to another ref starts nothing."""
    status, _ = deliver(stack, {**PUSH, "ref": ref})
    assert status in (202, 400)
    assert starts(stack) == 0
