"""HTTP requests to the delivered service, and steady traffic on it."""

import json
import urllib.error
import urllib.request
from typing import Any

from local.background import Background

_PAUSE_SECONDS = 0.4


def get(url: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON body of a GET; {} for a body that is not JSON."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - an address of this machine
            return answer.status, _json(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, _json(error.read())


def _json(body: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(body)
    except ValueError:
        return {}
    return found


class Traffic(Background):
    """Requests the greeting of a service again and again, and counts the answers by status."""

    def __init__(self, url: str) -> None:
        super().__init__("users")
        self._url = url
        self.answers: dict[int, int] = {}

    def work(self) -> None:
        """Send requests until stopped."""
        while not self.stopping.wait(_PAUSE_SECONDS):
            try:
                status, _ = get(f"{self._url}/?name=Ada")
            except OSError:
                continue
            self.answers[status] = self.answers.get(status, 0) + 1
