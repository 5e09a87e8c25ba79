"""Requests at a steady rate, with the status and the version of each answer."""

import json
import math
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from local.background import Background

_TIMEOUT_SECONDS = 30.0
# so many standard deviations above its share, a version with exactly this share has more answers once in 30,000 times
_DEVIATIONS = 4.0
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Ask:
    """A request of a user; with a body it is a POST."""

    path: str
    body: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """When it came (`time.monotonic()`), its status (0: no answer), and the version that answered ("": unknown)."""

    at: float
    status: int
    version: str

    @property
    def failed(self) -> bool:
        """Whether the service did not do what it was asked for."""
        return self.status == 0 or self.status >= SERVER_ERROR


class Load(Background):
    """Sends `rate` requests a second to an address, each drawn from `asks`; `answers` has what came back.

    Users who wait for an answer send nothing meanwhile, so a machine that is too slow has a lower rate, and no queue.
    """

    def __init__(self, url: str, asks: Sequence[Ask], *, rate: float = 50.0, users: int = 10) -> None:
        super().__init__("load")
        self._place = urlsplit(url)
        self._asks = asks
        self._rate = rate
        self._users = users
        self.answers: list[Answer] = []

    def work(self) -> None:
        """Send requests until stopped."""
        threads = [threading.Thread(target=self._use, args=(number,), daemon=True) for number in range(self._users)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    def _use(self, number: int) -> None:
        """One user, whose requests are drawn, so that no pattern of them meets the pattern of a balancer."""
        drawn, pause = random.Random(number), self._users / self._rate  # noqa: S311 - no secret
        due = time.monotonic() + pause * number / self._users
        while not self.stopping.wait(max(0.0, due - time.monotonic())):
            self.answers.append(self._ask(drawn.choice(self._asks)))
            due = max(due + pause, time.monotonic())

    def _ask(self, ask: Ask) -> Answer:
        connection = HTTPConnection(str(self._place.hostname), self._place.port, timeout=_TIMEOUT_SECONDS)
        body = json.dumps(ask.body) if ask.body else None
        try:
            connection.request("POST" if ask.body else "GET", f"{self._place.path.rstrip('/')}{ask.path}", body)
            answer = connection.getresponse()
            content, status = answer.read(), answer.status
            version = answer.headers.get("X-Version") or _version(content)
        except (OSError, HTTPException):
            status, version = 0, ""
        finally:
            connection.close()
        return Answer(time.monotonic(), status, version)


def _version(content: bytes) -> str:
    try:
        found = json.loads(content)
    except ValueError:
        return ""
    return str(found.get("version", "")) if isinstance(found, dict) else ""


@dataclass(frozen=True, slots=True)
class Share:
    """How many answers came from a version, of those between its first and its last one."""

    of_version: int
    answers: int

    @property
    def percent(self) -> float:
        """The share in percent."""
        return 100 * self.of_version / self.answers if self.answers else 0.0

    def exceeds(self, percent: float) -> bool:
        """Whether there are more than a share of these requests explains, each drawn by itself."""
        expected = self.answers * percent / 100
        return self.of_version > expected + _DEVIATIONS * math.sqrt(expected * (1 - percent / 100)) + 1


def share_of(version: str, answers: Sequence[Answer]) -> Share:
    """The share of a version while it answered."""
    times = [one.at for one in answers if one.version == version]
    if not times:
        return Share(0, 0)
    during = [one for one in answers if min(times) <= one.at <= max(times)]
    return Share(len(times), len(during))
