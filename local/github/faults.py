"""Responses that a test plans instead of the real ones, and a list of all requests."""

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.wrappers import Response


@dataclass
class Fault:
    """A response to the next `times` requests with this method and path."""

    method: str
    path: re.Pattern[str]
    times: int
    status: int
    headers: Mapping[str, str]
    body: Mapping[str, object] | bytes

    def response(self) -> Response:
        """The planned response."""
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return Response(content, self.status, dict(self.headers), content_type="application/json; charset=utf-8")


class Faults:
    """Planned responses, used in the order in which they were planned."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self._lock = threading.Lock()

    def plan(self, fault: Fault) -> None:
        """Add a planned response after the others."""
        with self._lock:
            self._planned.append(fault)

    def take(self, method: str, path: str) -> Response | None:
        """The planned response to this request, or None; uses it once."""
        with self._lock:
            for fault in self._planned:
                if fault.times > 0 and fault.method == method and fault.path.search(path):
                    fault.times -= 1
                    return fault.response()
        return None
