"""The delivered service as its users meet it, over HTTP."""

import json
import threading
import urllib.error
import urllib.request
from types import TracebackType
from typing import Any, Self

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


class Users:
    """Somebody who keeps asking a service for its greeting, and counts the answers by status."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.answers: dict[int, int] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="users", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stopping.wait(_PAUSE_SECONDS):
            try:
                status, _ = ask(f"{self._url}/?name=Ada")
            except OSError:
                continue
            self.answers[status] = self.answers.get(status, 0) + 1
