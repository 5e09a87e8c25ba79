"""Verify: every service is healthy and answers with the expected commit."""

from dataclasses import replace
from typing import Any

import pytest

from functions.domain.errors import NotHealthyYetError
from functions.domain.manifests import Health
from tests.functions.delivered import Service, runs
from tests.functions.samples import COMMAND, COMMIT, DEPLOYMENT, ENVIRONMENT, SERVICE, state, version
from tests.functions.stack import Stack

EVENT = {"deploymentId": DEPLOYMENT, "environment": ENVIRONMENT}


def delivered(stack: Stack, url: str, **outputs: str) -> None:
    """A service that runs the new commit and has a health URL."""
    runs(stack, state(replace(SERVICE, health=Health(url)), version(COMMIT, "2"), outputs=outputs), state(COMMAND))


def test_a_service_that_answers_with_the_commit_is_healthy(stack: Stack, service: Service) -> None:
    """The output has the probe; a repetition has the same result."""
    delivered(stack, "{address}", address=service.url)
    service.says(version=COMMIT)
    for _ in range(2):
        assert stack.run("stage.verify", EVENT) == {"probes": [{"part": "hello", "healthy": True, "reason": ""}]}


def test_an_environment_without_health_urls_has_no_probes(stack: Stack) -> None:
    """A command has no health."""
    runs(stack, state(COMMAND))
    assert stack.run("stage.verify", EVENT) == {"probes": []}


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
    """The workflow retries this error."""
    delivered(stack, service.url)
    answer(service, **changes)
    with pytest.raises(NotHealthyYetError, match=f"hello: .*{reason}"):
        stack.run("stage.verify", EVENT)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://{nothing}/", "may contain only known placeholders"),
        ("file:///etc/passwd", "neither http nor https"),
        ("http://127.0.0.1:9/", "did not answer"),
        ("http://127.0.0.1:port/", "did not answer"),
        ("http://[::1/", "did not answer"),
        ("http://127.0.0.1/a b", "did not answer"),
    ],
)
def test_a_url_that_leads_nowhere_is_named(stack: Stack, url: str, reason: str) -> None:
    """A wrong URL is an unhealthy service, and no other error."""
    delivered(stack, url)
    with pytest.raises(NotHealthyYetError, match=f"hello: .*{reason}"):
        stack.run("stage.verify", EVENT)


def test_parts_that_are_gone_are_not_probed(stack: Stack) -> None:
    """The release may have removed them already."""
    delivered(stack, "http://127.0.0.1:9/")
    assert stack.run("stage.verify", {**EVENT, "gone": ["hello"]}) == {"probes": []}
