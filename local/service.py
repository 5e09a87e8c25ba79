"""The delivered service as its users meet it, over HTTP."""

import json
import urllib.error
import urllib.request
from typing import Any

from local.background import Background

_PAUSE_SECONDS = 0.4


def ask(url: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON answer of a GET; an answer that is not JSON is an empty object."""
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


class Users(Background):
    """Somebody who keeps asking a service for its greeting, and counts the answers by status."""

    def __init__(self, url: str) -> None:
        super().__init__("users")
        self._url = url
        self.answers: dict[int, int] = {}

    def work(self) -> None:
        """Ask, and ask again."""
        while not self.stopping.wait(_PAUSE_SECONDS):
            try:
                status, _ = ask(f"{self._url}/?name=Ada")
            except OSError:
                continue
            self.answers[status] = self.answers.get(status, 0) + 1
