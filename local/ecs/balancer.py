"""The load balancer of services: target groups with health checks, and requests shared by weight.

The address of a service is a path below the balancer's: `http://127.0.0.1:…/cluster/service`. It stays the same for as
long as the endpoint runs. Shares are exact over a few requests, so a test can count them.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from local.background import Background
from local.emulator import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

Record = dict[str, Any]
# A new target is checked at every look, a healthy one every second; on AWS the interval is 30 seconds.
LOOK_SECONDS, CHECK_SECONDS, TIMEOUT_SECONDS = 0.05, 1.0, 2.0
# so long a new target may refuse connections, because its process has not begun to listen
START_SECONDS = 10.0
FAILURES = 2  # the default UnhealthyThresholdCount of a target group
# https://datatracker.ietf.org/doc/html/rfc9110#section-7.6.1: these belong to one connection
_HOP = frozenset({"connection", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade"})


@dataclass
class Target:
    """One task behind the balancer; it gets requests while it is healthy and does not drain."""

    port: int
    path: str
    expected: frozenset[int]
    state: str = "initial"
    requests: int = 0
    failures: int = 0
    due: float = 0.0
    since: float = field(default_factory=time.monotonic)

    @property
    def healthy(self) -> bool:
        """Whether the last health check succeeded."""
        return self.state == "healthy"

    @property
    def failed(self) -> bool:
        """Whether health checks have failed too often in a row."""
        return self.state == "unhealthy"

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return self.requests == 0

    def drain(self) -> None:
        """Get no further requests."""
        self.state = "draining"

    def note(self, *, good: bool) -> None:
        """Note the result of a health check."""
        if self.state == "draining":
            return
        self.failures = 0 if good else self.failures + 1
        if good:
            self.state = "healthy"
        elif self.failures >= FAILURES:
            self.state = "unhealthy"


@dataclass
class Share:
    """A target group of a service: its targets, and its weight among the service's groups."""

    name: str
    weight: float = 0.0
    targets: list[Target] = field(default_factory=list)
    owed: float = 0.0
    turn: int = 0


@dataclass
class Route:
    """The target groups of one service; `balancer` is the load balancer's dimension in their metrics."""

    balancer: str = "app/embedded/0123456789abcdef"
    shares: dict[str, Share] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def set_weights(self, weights: dict[str, float]) -> None:
        """Share requests by these percentages; groups that are left out get none."""
        with self.lock:
            for name in weights:
                self.shares.setdefault(name, Share(name))
            for share in self.shares.values():
                share.weight, share.owed = weights.get(share.name, 0.0), 0.0

    def weight(self, group: str) -> float:
        """The percentage of a target group."""
        found = self.shares.get(group)
        return found.weight if found else 0.0

    def register(self, group: str, target: Target) -> None:
        """Add a target to a group."""
        with self.lock:
            self.shares.setdefault(group, Share(group)).targets.append(target)

    def deregister(self, target: Target) -> None:
        """Remove a target that has drained."""
        with self.lock:
            for share in self.shares.values():
                if target in share.targets:
                    share.targets.remove(target)

    def take(self) -> tuple[str, Target] | None:
        """The target of the next request, which then counts as under way; None if there is none."""
        with self.lock:
            share = _next(self.shares.values())
            if share is None:
                return None
            # with no healthy target, all get requests:
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
            fit = [one for one in share.targets if one.healthy] or [one for one in share.targets if one.failed]
            if not fit:
                return None
            share.turn += 1
            target = fit[share.turn % len(fit)]
            target.requests += 1
            return share.name, target

    def give_back(self, target: Target) -> None:
        """End a request."""
        with self.lock:
            target.requests -= 1


def _next(shares: Iterable[Share]) -> Share | None:
    """The group whose turn it is: each gains its weight, and the one to which most is owed pays for the request."""
    weighted = [one for one in shares if one.weight > 0]
    if not weighted:
        return None
    for one in weighted:
        one.owed += one.weight
    chosen = max(weighted, key=lambda one: one.owed)
    chosen.owed -= sum(one.weight for one in weighted)
    return chosen


class Balancer(Background):
    """Serves all services."""

    def __init__(self, report: Callable[[str, str, int, float], None]) -> None:
        """`report` is called after each request: the load balancer, the target group, the status, the seconds it took.

        The status is 0 if the target could not be reached, and -1 if it gave no answer: the balancer answers then.
        """
        super().__init__("ecs-balancer")
        self.routes: dict[str, Route] = {}
        self._server = ThreadingHTTPServer((HOST, 0), type("Handler", (_Handler,), {"balancer": self}))
        self._server.daemon_threads = True
        self.report = report

    @property
    def url(self) -> str:
        """The address below which every service has its own."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def route(self, service: str) -> Route:
        """The route of a service (`cluster/service`)."""
        return self.routes.setdefault(service, Route())

    def __enter__(self) -> Balancer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        super().__exit__(kind, error, trace)

    def work(self) -> None:
        """Check targets when they are due."""
        with ThreadPoolExecutor(4, "ecs-health") as pool:
            while not self.stopping.wait(LOOK_SECONDS):
                at = time.monotonic()
                due = [
                    target
                    for route in list(self.routes.values())
                    for share in list(route.shares.values())
                    for target in list(share.targets)
                    if target.due <= at and target.state != "draining"
                ]
                for target in due:
                    target.due = at + (CHECK_SECONDS if target.healthy else TIMEOUT_SECONDS)
                    pool.submit(_check, target)


def _check(target: Target) -> None:
    connection = HTTPConnection(HOST, target.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", target.path, headers={"User-Agent": "ELB-HealthChecker/2.0"})
        good = connection.getresponse().status in target.expected
    except ConnectionRefusedError:
        if target.state == "initial" and time.monotonic() - target.since < START_SECONDS:
            target.due = 0.0
            return
        good = False
    except (OSError, HTTPException):
        good = False
    finally:
        connection.close()
    target.note(good=good)
    target.due = time.monotonic() + (CHECK_SECONDS if target.healthy else LOOK_SECONDS)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    balancer: Balancer

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        _, cluster, service, *rest = [*self.path.split("/", 3), "", ""][:4]
        route = self.balancer.routes.get(f"{cluster}/{service}")
        taken = route.take() if route else None
        if route is None or taken is None:
            self._send(503, [], b"no target of the service is registered\n")
            return
        group, target = taken
        began = time.monotonic()
        connection = HTTPConnection(HOST, target.port, timeout=60)
        met = 0
        try:
            connection.connect()
            met = -1
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            connection.request(self.command, f"/{rest[0]}", body, headers)
            answer = connection.getresponse()
            content, sent = answer.read(), _headers(answer)
            met = status = answer.status
        except (OSError, HTTPException) as error:
            content, status, sent = f"the target did not answer: {error}\n".encode(), 502, []
        finally:
            connection.close()
            route.give_back(target)
        self.balancer.report(route.balancer, group, met, time.monotonic() - began)
        self._send(status, sent, content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _forward  # noqa: N815 - names of the base class

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _headers(answer: HTTPResponse) -> list[tuple[str, str]]:
    return [(name, value) for name, value in answer.getheaders() if name.lower() not in {*_HOP, "content-length"}]
