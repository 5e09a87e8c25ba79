"""Answers a test asks for instead of the real ones, and the list of what was requested."""

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.wrappers import Response


@dataclass
class Fault:
    """An answer to give `times` times to requests of this method and path."""

    method: str
    path: re.Pattern[str]
    times: int
    status: int
    headers: Mapping[str, str]
    body: Mapping[str, object] | bytes

    def response(self) -> Response:
        """The answer itself."""
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return Response(content, self.status, dict(self.headers), content_type="application/json; charset=utf-8")


class Faults:
    """Planned answers, used up in the order they were planned."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self._lock = threading.Lock()

    def plan(self, fault: Fault) -> None:
        """Give this answer when its turn comes."""
        with self._lock:
            self._planned.append(fault)

    def take(self, method: str, path: str) -> Response | None:
        """The planned answer to this request, if there is one."""
        with self._lock:
            for fault in self._planned:
                if fault.times > 0 and fault.method == method and fault.path.search(path):
                    fault.times -= 1
                    return fault.response()
        return None
