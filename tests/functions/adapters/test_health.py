"""Probing services."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from functions.adapters import health
from functions.adapters.health import HealthProbe, Target
from functions.domain.watches import Probe
from tests.functions.delivered import Service


def look(service: Service, commit: str | None = None, field: str = "version") -> Probe:
    """One probe."""
    return probe(service.url, commit, field)


def probe(url: str, commit: str | None = None, field: str = "version") -> Probe:
    """One probe of a URL."""
    (found,) = HealthProbe(loopback=True).probe([Target("hello", url, commit, field)])
    return found


@contextmanager
def server(answers: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server that answers each connection in this way until the test is over; yields its URL."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=answers, args=(connection, over), daemon=True).start()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/health"
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            serving.join()


def drip(connection: socket.socket, over: threading.Event) -> None:
    """Send one byte of a header at a time, faster than any timeout of a single read."""
    with connection:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not over.wait(0.05):
            try:
                connection.sendall(b"x")
            except OSError:
                return


def silent(connection: socket.socket, over: threading.Event) -> None:
    """Accept, and say nothing."""
    with connection:
        over.wait()


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


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(service: Service, status: int) -> None:
    """A service can't send the platform to another address, such as one on loopback."""
    with Service() as other:
        service.raw = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode()
        other.raw = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        assert look(service).reason == (
            f"{service.url} answered {status}: redirects are not followed, name the final URL"
        )


def test_a_connection_that_breaks_is_not_well(service: Service) -> None:
    """A response without headers, half a body or invalid HTTP is an unhealthy probe, never an exception."""
    for raw in (b"\r\n", b"rubbish\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort"):
        service.raw = raw
        assert not look(service, "abc").healthy


@pytest.mark.parametrize("url", ["ftp://x/", "file:///etc/passwd", "", "javascript:1", "http:///health", "//x/"])
def test_only_http_is_requested(url: str) -> None:
    """A URL that is not HTTP is not opened: a manifest can't read local files."""
    assert "is not https" in probe(url).reason


@pytest.mark.parametrize("answers", [drip, silent], ids=["a byte at a time", "nothing"])
def test_the_whole_answer_has_one_deadline(
    monkeypatch: pytest.MonkeyPatch, answers: Callable[[socket.socket, threading.Event], None]
) -> None:
    """A service that keeps sending, or never sends, is unhealthy; its connection and its thread are ended."""
    monkeypatch.setattr(health, "_DEADLINE_SECONDS", 0.5)
    with server(answers) as url:
        assert not probe(url).healthy
        for thread in threading.enumerate():
            if thread.name == "probe of hello":
                thread.join(20)
                assert not thread.is_alive()


def test_a_probe_in_aws_stays_away_from_this_machine(service: Service) -> None:
    """In AWS a manifest reaches neither Lambda's own interface on loopback nor anything else over plain http."""
    reasons = [
        HealthProbe().probe([Target("hello", url, None)])[0].reason for url in (service.url, "http://a.example/")
    ]
    assert all("is not https: services are probed over https only" in reason for reason in reasons)
    assert service.requests == []


@pytest.mark.parametrize("name", ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.170.2"])
def test_the_address_of_a_connection_is_checked(service: Service, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A name that leads to AWS's metadata is refused after it is connected, and before anything is requested."""
    monkeypatch.setattr(socket.socket, "getpeername", lambda _: (name, 80))
    service.says(version="abc")
    reason = look(service).reason
    assert f"is at {name}, which is no address of a service" in reason
    assert service.requests == []


def test_services_are_probed_at_the_same_time(service: Service) -> None:
    """Each of three servers answers only when all three were asked; the order of the probes is that of the targets."""
    together = threading.Barrier(3)

    def meet(connection: socket.socket, _: threading.Event) -> None:
        with connection:
            connection.recv(4096)
            together.wait(20)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with server(meet) as one, server(meet) as two, server(meet) as three:
        targets = [Target(name, url, None) for name, url in (("a", one), ("b", two), ("c", three))]
        assert HealthProbe(loopback=True).probe(targets) == tuple(Probe(name, healthy=True) for name in "abc")


def test_no_services_are_no_probes() -> None:
    """An environment without health URLs."""
    assert HealthProbe().probe([]) == ()


def test_a_quoted_text_is_short_and_on_one_line(service: Service) -> None:
    """A service can neither forge lines of a mail nor fill it."""
    service.says(version="a\nReason: all is well\r\n" + "x" * 5000)
    reason = look(service, "abc").reason
    assert "\n" not in reason
    assert "\r" not in reason
    assert "a Reason: all is well xxx" in reason
    assert reason.count("x") < 100
    service.raw = b"HTTP/1.1 " + b"y" * 5000 + b"\r\n\r\n"
    assert look(service, "abc").reason.count("y") <= 100
