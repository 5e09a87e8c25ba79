"""The emulator's Lambda runtime API without its own waits, and with whole logs.

The waits cost most of the time of a short invocation. It is sent as headers and payload, and Nagle's algorithm holds
the payload back until the worker has acknowledged the headers, which it does after 40 ms. Besides, the two threads of
every idle worker wake ten times a second, which some dozens of functions pay for with a part of a core.
"""

import array
import fcntl
import os
import queue
import socketserver
import termios
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.strict.around import Answer, around

IDLE_SECONDS = 2.0
STOP_SECONDS = 0.5
READ_SECONDS = 5.0
LOOK_SECONDS = 0.02


class PatientQueue(queue.Queue[Any]):
    """A queue whose readers look less often whether their worker was stopped."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """As the queue's, with a longer timeout; what is put wakes the reader at once."""
        return super().get(block, timeout and max(timeout, IDLE_SECONDS))


_serve_forever = socketserver.BaseServer.serve_forever


def look_less_often(server: socketserver.BaseServer, poll_interval: float = STOP_SECONDS) -> None:
    """A connection wakes the server at once; only its stop waits for the interval."""
    _serve_forever(server, max(poll_interval, STOP_SECONDS))


_drained = lambda_runtime.Worker._drain_stderr_bounded


def read_to_the_end(worker: lambda_runtime.Worker, **waits: float) -> str:
    """What an invocation printed is in its log, also where the thread that reads it is late, as on a busy machine.

    The emulator waits some milliseconds for a first line, and leaves later ones to the log of the next invocation.
    """
    deadline = time.monotonic() + READ_SECONDS
    while _unread(worker) and time.monotonic() < deadline:
        time.sleep(0.001)
    return str(_drained(worker, **waits))


# How many environments start at a time. A hundred at once on few cores would all exceed the ten seconds of a start.
_AT_A_TIME = 2 * (os.cpu_count() or 1)
_STARTING = threading.BoundedSemaphore(_AT_A_TIME)
_TAKING = threading.Lock()
_started = lambda_runtime.ProvidedWorker._spawn


def start_some_at_a_time(worker: lambda_runtime.ProvidedWorker, init_timeout: float | None = None) -> None:
    """An environment waits for its turn before the time of its start begins.

    On AWS environments do not wait for each other, a thousand in ten seconds for each function:
    https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
    """
    with _STARTING:
        _started(worker, init_timeout)


@around(lambda_svc, "acquire_worker")
def take_a_free_one_first(
    original: Callable[..., Answer], name: str, config: dict[str, Any], code: bytes, qualifier: str = "$LATEST"
) -> Answer:
    """An invocation waits while environments of its function start, for one of them or one that is free by then.

    Otherwise a hundred invocations at once would start a hundred environments, of which a few would do, and those of
    some dozens of functions exceed the memory of a laptop. On AWS one that finds none free starts another at once:
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
    """
    key = lambda_runtime._worker_key(name, config, qualifier)
    while True:
        with _TAKING:
            if not _must_wait(key):
                return original(name, config, code, qualifier=qualifier)
        time.sleep(LOOK_SECONDS)


def _must_wait(key: str) -> bool:
    with lambda_runtime._lock:
        workers = lambda_runtime._workers.get(key, ())
        starting = sum(hasattr(one, "_init_settled") and not one._init_settled.is_set() for one in workers)
        return starting >= _AT_A_TIME and all(one.in_use for one in workers)


def _unread(worker: lambda_runtime.Worker) -> int:
    """The bytes that a function printed and no thread has read yet; 0 for a closed pipe."""
    pipe = worker._proc and (worker._proc.stderr or worker._proc.stdout)
    left = array.array("i", [0])
    try:
        fcntl.ioctl(pipe, termios.FIONREAD, left)
    except (OSError, TypeError, ValueError):
        return 0
    return left[0]


lambda_runtime.ProvidedWorker._spawn = start_some_at_a_time
lambda_runtime.Worker._drain_stderr_bounded = read_to_the_end
socketserver.BaseServer.serve_forever = look_less_often  # type: ignore[assignment, method-assign]
socketserver.StreamRequestHandler.disable_nagle_algorithm = True
lambda_runtime.queue = SimpleNamespace(Queue=PatientQueue, Empty=queue.Empty, Full=queue.Full)
