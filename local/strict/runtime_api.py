"""The emulator's Lambda runtime API without its own waits: they cost most of the time of a short invocation.

An invocation is sent as headers and payload, and Nagle's algorithm holds the payload back until the worker has
acknowledged the headers, which it does after 40 ms. Besides, the two threads of every idle worker wake ten times a
second, which some dozens of functions pay for with a part of a core.
"""

import queue
import socketserver
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime

IDLE_SECONDS = 2.0
STOP_SECONDS = 0.5


class PatientQueue(queue.Queue[Any]):
    """A queue whose readers look less often whether their worker was stopped."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """As the queue's, with a longer timeout; what is put wakes the reader at once."""
        return super().get(block, timeout and max(timeout, IDLE_SECONDS))


_serve_forever = socketserver.BaseServer.serve_forever


def look_less_often(server: socketserver.BaseServer, poll_interval: float = STOP_SECONDS) -> None:
    """A connection wakes the server at once; only its stop waits for the interval."""
    _serve_forever(server, max(poll_interval, STOP_SECONDS))


socketserver.BaseServer.serve_forever = look_less_often  # type: ignore[assignment, method-assign]
socketserver.StreamRequestHandler.disable_nagle_algorithm = True
lambda_runtime.queue = SimpleNamespace(Queue=PatientQueue, Empty=queue.Empty, Full=queue.Full)
