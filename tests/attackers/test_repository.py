"""A hostile repository of the stack: it pushes what it likes and wants to move what belongs to another one."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from msgspec.structs import replace

from functions.domain.environments import PartState
from functions.domain.errors import StaleLeaseError
from functions.domain.locks import Lease
from functions.domain.owners import Claim
from functions.domain.releases import Release, execution_name
from tests.functions.delivered import artifact, parts, runs
from tests.functions.samples import COMMIT, DEPLOYMENT, ENVIRONMENT, RELEASE, SERVICE, environment, state, version
from tests.functions.stack import Stack
from tests.local.github.support import WorkingCopy

# The hostile repository has the local GitHub's name; its victim is another one of the same stack.
HOSTILE, VICTIM = RELEASE.repository, "acme/shop"
CLAIMS = [Claim(HOSTILE, ["hello"], ["hello-*"], ["test"]), Claim(VICTIM, ["shop"], ["shop-*"])]
MANIFEST = """version: 1
name: hello
build: {buildspec: build.yml, junit: [reports/junit.xml], cobertura: reports/coverage.xml}
services:
  api: {kind: lambda, function: "hello-{environment}", artifact: hello.zip}
"""
LEASE = Lease("environment/production", "arn:execution:hostile", 2, HOSTILE)


def push(stack: Stack, repository: str) -> str:
    """Deliver the push of a commit, signed as GitHub signs it; returns the answer."""
    head = {"id": COMMIT, "message": "feat: hello"}
    payload: dict[str, Any] = {"ref": "refs/heads/main", "after": COMMIT, "head_commit": head}
    body = json.dumps({**payload, "repository": {"full_name": repository}}).encode()
    signature = "sha256=" + hmac.new(b"s", body, hashlib.sha256).hexdigest()
    headers = {"x-github-event": "push", "x-github-delivery": repository, "x-hub-signature-256": signature}
    event = {"requestContext": {"http": {"sourceIp": "192.0.2.1"}}, "headers": headers, "body": body.decode()}
    return str(json.loads(stack.run("events.github_webhook", event)["body"])["message"])


def test_a_fork_takes_no_name(stack: Stack) -> None:
    """A hostile repository pushes the victim's commit first, so that the victim's push starts nothing."""
    stack.client("secretsmanager").create_secret(Name="kiro-webhook", SecretString="s")
    stack.settings["REPOSITORIES"] = f"{VICTIM},{HOSTILE}"
    names = {one: execution_name(one, "refs/heads/main", COMMIT) for one in (HOSTILE, VICTIM)}
    assert [push(stack, one) for one in names] == [f"started: {name}" for name in names.values()]
    assert sorted(stack.executions("deployment")) == sorted(names.values())


def planned(stack: Stack, commit: str, manifest: str) -> dict[str, Any]:
    """The plan of a release of the hostile repository with this manifest."""
    event = {
        "deploymentId": "main-1",
        "release": Release(HOSTILE, "refs/heads/main", commit),
        "source": artifact(stack, "sources/s.zip", {"delivery.yml": manifest}),
        "environments": [environment(name="test", approval=False), ENVIRONMENT],
        "repositories": CLAIMS,
    }
    found: dict[str, Any] = stack.run("deployment.plan_release", event)
    return found


def victim(stack: Stack) -> dict[str, PartState]:
    """What runs of the victim in production, recorded as its own; returns the records."""
    mine = version(COMMIT, source=f"sources/{VICTIM}/{COMMIT}.zip")
    lease = Lease("environment/production", "arn:execution:victim", 1, VICTIM)
    runs(stack, state(replace(SERVICE, name="shop/api"), mine), lease=lease)
    return parts(stack)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "name: hello",
            "name: shop",
            "delivery.yml:2:1: name: shop is no manifest of acme/hello-service",
        ),
        (
            "hello-{environment}",
            "shop-{environment}",
            "delivery.yml:5:23: services.api.function: shop-test (in test) is no",
        ),
        (
            "hello-{environment}",
            "shop-api",
            "services.api.function: shop-api (in test) is no target of acme/hello-service",
        ),
        (
            "services:",
            "environments: [production]\nservices:",
            "delivery.yml:4:16: environments.0: acme/hello-service may",
        ),
    ],
)
def test_a_manifest_names_nothing_of_another(stack: Stack, copy: WorkingCopy, old: str, new: str, why: str) -> None:
    """A hostile repository names the victim's manifest, function or environment; the plan refuses the line."""
    commit = copy.commit("feat: mine", {"a": "1"})
    copy.push()
    found = planned(stack, commit, MANIFEST.replace(old, new, 1))
    assert (found["outcome"], found["stages"]) == ("invalid", [])
    assert why in found["reason"]
    assert "have an operator add it to" in found["reason"]


def test_its_own_parts_enter_its_own_environments(stack: Stack, copy: WorkingCopy) -> None:
    """What the settings give a repository is delivered, and nowhere else."""
    commit = copy.commit("feat: mine", {"a": "1"})
    copy.push()
    found = planned(stack, commit, MANIFEST)
    assert found["outcome"] == "deploy"
    assert [stage["environment"]["name"] for stage in found["stages"]] == ["test"]


def test_no_record_of_another_is_written(stack: Stack) -> None:
    """A hostile repository's release writes, doubts, forgets or marks the victim's part; nothing of it changes."""
    before = victim(stack)
    theirs = before["shop/api"]
    wanted = {
        "deploymentId": DEPLOYMENT,
        "release": RELEASE,
        "environment": "production",
        "part": replace(SERVICE, name="shop/api", critical_alarms=["mine"]),
        "version": "666",
        "source": f"sources/{HOSTILE}/s.zip",
        "artifact": "a.zip",
        "output": "o.zip",
        "digest": "",
        "lease": LEASE,
    }
    with pytest.raises(StaleLeaseError, match="or shop/api is not of acme/hello-service"):
        stack.run("stage.record_part", wanted)
    gone = {"repository": HOSTILE, "gone": ["shop/api"], "deploymentId": DEPLOYMENT, "lease": LEASE}
    with pytest.raises(StaleLeaseError):
        stack.run("stage.record_good", {**gone, "environment": "production"})
    step = {"part": SERVICE, "to": version()}
    step["part"] = replace(SERVICE, name="shop/api")
    event = {"deploymentId": DEPLOYMENT, "environment": "production", "step": step, "lease": LEASE}
    with pytest.raises(StaleLeaseError):
        stack.run("rollback.record_restored", event)
    assert parts(stack) == before
    assert theirs.repository == VICTIM


def test_a_release_of_another_supersedes_nothing(stack: Stack, copy: WorkingCopy) -> None:
    """A repository whose commits the victim's history contains makes no release of it superseded."""
    older = copy.commit("feat: older", {"a": "1"})
    newer = copy.commit("feat: newer", {"a": "2"})
    copy.push()
    theirs = version(newer, source=f"sources/{VICTIM}/{newer}.zip")
    lease = Lease("environment/test", "arn:execution:victim", 1, VICTIM)
    runs(stack, replace(state(replace(SERVICE, name="shop/api"), theirs), environment="test"), lease=lease)
    assert planned(stack, older, MANIFEST)["outcome"] == "deploy"
