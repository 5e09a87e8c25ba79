"""A repository that writes hostile manifests: their numbers, and the addresses of its services."""

import socket
import threading
import time
import tracemalloc
from contextlib import suppress

import pytest

from functions.adapters import health
from functions.adapters.health import HealthProbe, Target
from functions.adapters.yaml_documents import YamlError, read_yaml
from functions.runtime import Clients
from tests.functions.adapters.test_health import server
from tests.functions.delivered import Service


def test_a_number_takes_no_time() -> None:
    """A repository tries to exhaust the time of the plan with a number in base 60, whose value grows with each `:`."""

    def worked(size: int) -> float:
        start = time.process_time()
        with pytest.raises(YamlError, match="a number of"):
            read_yaml(b"a: " + b"1:" * size + b"1", "delivery.yml")
        return time.process_time() - start

    assert worked(80_000) < 40 * max(worked(10_000), 0.01)


@pytest.mark.unmeasured
@pytest.mark.parametrize("key", ["x", "<<"], ids=["aliases", "merges"])
def test_some_hundred_bytes_take_no_memory(key: str) -> None:
    """A repository tries to exhaust the memory of the plan with aliases or merges that each triple the one before."""
    lines = (f"a{n + 1}: &a{n + 1} {{{key}: [*a{n}, *a{n}, *a{n}]}}" for n in range(12))
    bomb = "\n".join(("a0: &a0 {k: v}", *lines))
    tracemalloc.start()
    try:
        with pytest.raises(YamlError, match=r"delivery\.yml:1:5: "):
            read_yaml(bomb.encode(), "delivery.yml")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1024 * 1024


def test_a_probe_goes_nowhere_else() -> None:
    """A repository's service sends the probe to an address that only the platform reaches: nothing is requested."""
    with Service() as inner, Service() as outer:
        outer.raw = f"HTTP/1.1 307 Elsewhere\r\nLocation: {inner.url}\r\nContent-Length: 0\r\n\r\n".encode()
        (found,) = HealthProbe(loopback=True).probe([Target("hello", outer.url, None)])
        assert not found.healthy
        assert inner.requests == []


def slow(connection: socket.socket, over: threading.Event) -> None:
    """A healthy answer, of which a byte arrives at a time: each read ends soon, and all of it after two seconds."""
    with connection, suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
            connection.sendall(bytes([byte]))
            over.wait(0.05)


def test_a_probe_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository's service answers a byte at a time to hold the function beyond its timeout: the probe ends."""
    monkeypatch.setattr(health, "_DEADLINE_SECONDS", 0.3)
    with server(slow) as url:
        (found,) = HealthProbe(loopback=True).probe([Target("hello", url, None)])
    assert found.reason.endswith("did not answer completely within 0 s")


def test_a_probe_quotes_no_more_than_a_version() -> None:
    """A repository makes the platform publish what a service of others answers, by the field of its version."""
    with Service() as inner:
        inner.says(secret="s" * 5_000)
        (found,) = HealthProbe(loopback=True).probe([Target("hello", inner.url, "abc", "secret")])
    assert not found.healthy
    assert len(found.reason) < 400


def test_a_probe_takes_no_invocation_from_lambda() -> None:
    """A repository tries to take an invocation with a health URL of Lambda's own interface on loopback."""
    with Service() as interface:
        probe = HealthProbe.connect(Clients({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}))
        (found,) = probe.probe([Target("hello", f"{interface.base}/2018-06-01/runtime/invocation/next", None)])
        assert not found.healthy
        assert interface.requests == []


@pytest.mark.parametrize("endpoint", ["", "https://vpce-1.example.com", "http://169.254.1.1"])
def test_only_a_laptop_is_a_laptop(endpoint: str) -> None:
    """A stack with an endpoint of its own for AWS is no laptop, so its probes stay away from loopback."""
    assert not Clients({"AWS_ENDPOINT_URL": endpoint} if endpoint else {}).on_a_laptop
    assert Clients({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}).on_a_laptop
