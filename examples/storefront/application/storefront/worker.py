"""A loop that ends between two pieces of work when ECS stops its task."""

import os
import signal
import threading
from collections.abc import Callable

from storefront.server import version


def work_until_stopped(name: str, work: Callable[[], int]) -> None:
    """Call `work` every `PAUSE_SECONDS` (default 5) until SIGTERM and print what it did; an error ends the task."""
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    print(f"{name} {version()} started", flush=True)
    while True:
        done = work()
        if done:
            print(f"{name} {version()}: {done} done", flush=True)
        if stopped.wait(float(os.environ.get("PAUSE_SECONDS", "5"))):
            return
