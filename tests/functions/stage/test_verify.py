"""Verify: every service is healthy and answers with the expected commit."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.domain.manifests import Health
from tests.functions.delivered import Service, runs
from tests.functions.samples import COMMAND, COMMIT, DEPLOYMENT, ENVIRONMENT, SERVICE, state, version
from tests.functions.stack import Stack

HEALTHY = {"outcome": "healthy", "reason": ""}
EVENT = {"deploymentId": DEPLOYMENT, "environment": ENVIRONMENT}


def delivered(stack: Stack, url: str, **outputs: str) -> None:
    """A service that runs the new commit and has a health URL."""
    runs(stack, state(replace(SERVICE, health=Health(url)), version(COMMIT, "2"), outputs=outputs), state(COMMAND))


def test_a_service_that_answers_with_the_commit_is_healthy(stack: Stack, service: Service) -> None:
    """A repetition has the same result."""
    delivered(stack, "{address}", address=service.url)
    service.says(version=COMMIT)
    for _ in range(2):
        assert stack.run("stage.verify", EVENT) == HEALTHY


def test_an_environment_without_health_urls_has_no_probes(stack: Stack) -> None:
    """A command has no health."""
    runs(stack, state(COMMAND))
    assert stack.run("stage.verify", EVENT) == HEALTHY


def unhealthy(found: dict[str, Any], reason: str) -> None:
    """Assert that the service is not healthy for this reason."""
    assert found["outcome"] == "unhealthy"
    assert found["reason"].startswith("hello is not healthy: ")
    assert reason in found["reason"]


def answer(service: Service, **changes: Any) -> None:
    """Make the service answer differently."""
    service.says(version=COMMIT)
    for name, value in changes.items():
        setattr(service, name, value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": 500}, "answered 500"),
        ({"body": b'{"version": "old"}'}, "has version old, expected"),
        ({"body": b"{}"}, "has version None"),
        ({"body": b"hello"}, "has version None"),
        ({"body": b"[" * 60_000}, "has version None"),
        ({"raw": b"no http at all\r\n\r\n"}, "did not answer"),
    ],
)
def test_an_unhealthy_service_is_named(stack: Stack, service: Service, changes: dict[str, Any], reason: str) -> None:
    """It is an outcome and no error of the function: the workflow verifies again."""
    delivered(stack, service.url)
    answer(service, **changes)
    unhealthy(stack.run("stage.verify", EVENT), reason)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://{nothing}/", "may contain only known placeholders"),
        ("file:///etc/passwd", "is not https"),
        ("http://127.0.0.1:9/", "did not answer"),
        ("http://127.0.0.1:port/", "did not answer"),
        ("http://[::1/", "did not answer"),
        ("http://127.0.0.1/a b", "did not answer"),
    ],
)
def test_a_url_that_leads_nowhere_is_named(stack: Stack, url: str, reason: str) -> None:
    """A wrong URL is an unhealthy service, and no other error."""
    delivered(stack, url)
    unhealthy(stack.run("stage.verify", EVENT), reason)


def test_parts_that_are_gone_are_not_probed(stack: Stack) -> None:
    """The release may have removed them already."""
    delivered(stack, "http://127.0.0.1:9/")
    assert stack.run("stage.verify", {**EVENT, "gone": ["hello"]}) == HEALTHY


def test_parts_of_other_manifests_are_only_named(stack: Stack, service: Service) -> None:
    """R13: only what the release's repository delivers decides."""
    mine, other = replace(SERVICE, name="shop/hello"), replace(SERVICE, name="blog/hello")
    runs(
        stack,
        state(replace(mine, health=Health(service.url)), version(COMMIT)),
        state(replace(other, health=Health("http://127.0.0.1:9/")), version(COMMIT)),
    )
    service.says(version=COMMIT)
    found = stack.run("stage.verify", {**EVENT, "own": "shop"})
    assert found["outcome"] == "healthy"
    assert found["reason"].startswith("blog/hello, which another repository delivers, is not healthy: ")
    assert stack.run("stage.verify", {**EVENT, "own": "blog"})["outcome"] == "unhealthy"
