"""A hostile repository of the stack: it pushes what it likes and wants to move what belongs to another one."""

import hashlib
import hmac
import json
from typing import Any

from functions.domain.releases import execution_name
from tests.functions.samples import COMMIT
from tests.functions.stack import Stack

OURS, FORK = "acme/hello-service", "mallory/hello-service"


def push(stack: Stack, repository: str) -> str:
    """Deliver the push of a commit, signed as GitHub signs it; returns the answer."""
    head = {"message": "feat: hello", "timestamp": "2026-01-31T08:00:00+01:00", "author": {"name": "Ada"}}
    payload: dict[str, Any] = {"ref": "refs/heads/main", "after": COMMIT, "head_commit": head}
    body = json.dumps({**payload, "repository": {"full_name": repository}}).encode()
    signature = "sha256=" + hmac.new(b"s", body, hashlib.sha256).hexdigest()
    headers = {"x-github-event": "push", "x-github-delivery": repository, "x-hub-signature-256": signature}
    event = {"requestContext": {"http": {"sourceIp": "192.0.2.1"}}, "headers": headers, "body": body.decode()}
    return str(json.loads(stack.run("events.github_webhook", event)["body"])["message"])


def test_a_fork_takes_no_name(stack: Stack) -> None:
    """A hostile repository pushes the victim's commit first, so that the victim's push starts nothing."""
    stack.client("secretsmanager").create_secret(Name="kiro-webhook", SecretString="s")
    stack.settings["REPOSITORIES"] = f"{OURS},{FORK}"
    names = {one: execution_name(one, "refs/heads/main", COMMIT) for one in (FORK, OURS)}
    assert [push(stack, one) for one in names] == [f"started: {name}" for name in names.values()]
    assert sorted(stack.executions("deployment")) == sorted(names.values())
