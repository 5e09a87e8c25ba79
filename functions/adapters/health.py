"""Probes the health of delivered services over HTTP, side by side."""

import json
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Thread
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import urlsplit

from functions.domain.networks import is_loopback, may_serve
from functions.domain.texts import quote
from functions.domain.values import Value
from functions.domain.watches import Probe

if TYPE_CHECKING:
    from functions.runtime import Clients

# One deadline for name, connection and the whole answer. All probes run at the same time, so it bounds them together.
_DEADLINE_SECONDS = 5.0
_ANSWER_LIMIT = 64 * 1024


class Target(Value, frozen=True):
    """A service to probe: its URL, and the commit that it must name in a field of its JSON; None: any answer counts."""

    part: str
    url: str
    commit: str | None
    version_field: str = "version"


class HealthProbe:
    """Each probe is one GET request; redirects are not followed.

    A URL is written by the delivered repository, and its values by a build. Only https is requested, and no address of
    this machine, of its links or of AWS's metadata. `loopback` is for the laptop: there, services listen on loopback
    over http.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, loopback: bool = False) -> None:
        self._loopback = loopback

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """No client is needed."""
        return cls(loopback=aws.on_a_laptop)

    def probe(self, targets: Sequence[Target]) -> tuple[Probe, ...]:
        """One probe of each service, in this order: healthy if it answers 200, and names its commit if one is given.

        A service that has not answered completely at the deadline is unhealthy.
        """
        running = [_Probing(target, self._loopback) for target in targets]
        for one in running:
            one.start()
        deadline = time.monotonic() + _DEADLINE_SECONDS
        return tuple(one.result(deadline) for one in running)


class _Probing(Thread):
    """The probe of one service; a daemon, so that a service that never answers can't keep the process alive."""

    def __init__(self, target: Target, loopback: bool) -> None:
        super().__init__(daemon=True, name=f"probe of {target.part}")
        self._target = target
        self._loopback = loopback
        self._url = quote(target.url)
        self._connection: HTTPConnection | None = None
        self._found: Probe | None = None

    def run(self) -> None:
        """Request, and compare the answer."""
        try:
            fault = self._request()
        except (OSError, HTTPException, ValueError) as error:
            fault = f"{self._url} did not answer: {quote(error)}"
        self._found = Probe(self._target.part, fault is None, fault or "")

    def result(self, deadline: float) -> Probe:
        """The probe, at the latest at a time of the monotonic clock; a connection that is still open is ended then."""
        self.join(max(0.0, deadline - time.monotonic()))
        if self._found is not None:
            return self._found
        self._end()
        late = f"{self._url} did not answer completely within {_DEADLINE_SECONDS:.0f} s"
        return Probe(self._target.part, healthy=False, reason=late)

    def _request(self) -> str | None:
        """The fault of the service; None if it is healthy."""
        url = urlsplit(self._target.url)
        kinds = {"https": HTTPSConnection, **({"http": HTTPConnection} if self._loopback else {})}
        if url.scheme not in kinds or not url.hostname:
            return f"the health URL {self._url!r} is not https: services are probed over https only"
        self._connection = kinds[url.scheme](url.hostname, url.port, timeout=_DEADLINE_SECONDS)
        try:
            self._connection.connect()
            # The address of the connection, not of the name: a name may have another address when it is read again.
            address = str(self._connection.sock.getpeername()[0]).partition("%")[0]
            if not (may_serve(address) or (self._loopback and is_loopback(address))):
                return f"{self._url} is at {address}, which is no address of a service: name a host of the service"
            self._connection.request("GET", (url.path or "/") + (f"?{url.query}" if url.query else ""))
            answer = self._connection.getresponse()
            body = answer.read(_ANSWER_LIMIT)
        finally:
            self._connection.close()
        if 300 <= answer.status < 400:
            return f"{self._url} answered {answer.status}: redirects are not followed, name the final URL"
        if answer.status != 200:
            return f"{self._url} answered {answer.status}"
        return self._difference(body)

    def _difference(self, body: bytes) -> str | None:
        """How the named version differs from the expected commit; None if it does not."""
        target = self._target
        if target.commit is None:
            return None
        found = _version(body, target.version_field)
        if found == target.commit:
            return None
        return f"{self._url} has {quote(target.version_field)} {quote(found)}, expected {target.commit}"

    def _end(self) -> None:
        opened = self._connection.sock if self._connection else None
        if opened:
            with suppress(OSError):  # it may have ended meanwhile
                opened.shutdown(socket.SHUT_RDWR)


def _version(body: bytes, field: str) -> str | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return str(answer[field]) if isinstance(answer, dict) and field in answer else None
