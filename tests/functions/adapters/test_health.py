"""Probing a service."""

import pytest

from functions.adapters.health import HealthProbe
from functions.domain.manifests import Health
from functions.domain.watches import Probe
from tests.functions.delivered import Service


def look(service: Service, commit: str | None = None, field: str = "version") -> Probe:
    """One probe."""
    return HealthProbe().probe("hello", Health(service.url, field), service.url, commit)


def test_a_service_answers_as_its_commit(service: Service) -> None:
    """The manifest names the field; numbers count as texts; without a commit any response with 200 is healthy."""
    service.says(version="abc", release=7)
    assert look(service, "abc") == Probe("hello", healthy=True)
    assert look(service, "7", "release").healthy
    assert look(service).healthy
    assert "has version abc, expected other" in look(service, "other").reason


@pytest.mark.parametrize("status", [201, 204, 400, 404, 500, 503])
def test_anything_but_200_is_not_well(service: Service, status: int) -> None:
    """Any other status is unhealthy, and is in the reason."""
    service.status = status
    assert look(service).reason == f"{service.url} answered {status}"


def test_a_connection_that_breaks_is_not_well(service: Service) -> None:
    """A response without headers, half a body or invalid HTTP is an unhealthy probe, never an exception."""
    for raw in (b"\r\n", b"rubbish\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort"):
        service.raw = raw
        assert not look(service, "abc").healthy


@pytest.mark.parametrize("url", ["ftp://x/", "file:///etc/passwd", "", "javascript:1"])
def test_only_http_is_asked(url: str) -> None:
    """A URL that is not HTTP is not opened: a manifest can't read local files."""
    assert "neither http nor https" in HealthProbe().probe("hello", Health(url), url, None).reason
