"""Functions start, and what they print is in their log, also on a busy machine."""

import subprocess
import sys

from local.platform import PROJECT

# The thread that reads what a function prints begins later than the emulator waits for a first line.
LATE = """
import queue, subprocess, threading, time
import local.strict.runtime_api
from ministack.core.lambda_runtime import ProvidedWorker

worker = object.__new__(ProvidedWorker)
worker._stderr_queue = queue.Queue()
worker._proc = subprocess.Popen(["echo", "a line"], stdout=subprocess.PIPE)
worker._proc.wait()
pump = threading.Timer(0.5, worker._pump_output, (worker._proc.stdout, worker._stderr_queue))
pump.start()
print(worker._drain_stderr_bounded())
pump.join()
print(repr(worker._drain_stderr_bounded()))
"""
# A start that takes a while, sixty times at once; printed are the most that ran together, and the processors.
AT_ONCE = """
import os, threading, time
from ministack.core.lambda_runtime import ProvidedWorker

running, most = 0, 0
def start(worker, init_timeout=None):
    global running, most
    with guard:
        running += 1
        most = max(most, running)
    time.sleep(0.01)
    with guard:
        running -= 1
guard = threading.Lock()
ProvidedWorker._spawn = start
import local.strict.runtime_api

threads = [threading.Thread(target=object.__new__(ProvidedWorker)._spawn) for _ in range(60)]
for one in threads: one.start()
for one in threads: one.join()
print(most, min(60, 2 * os.cpu_count()))
"""


def test_a_line_that_is_read_late_is_in_the_log_of_its_invocation() -> None:
    """Otherwise it would be in that of the next invocation, if there is one."""
    done = subprocess.run([sys.executable, "-c", LATE], cwd=PROJECT, text=True, capture_output=True, check=True)
    assert done.stdout.splitlines() == ["a line", "''"]


def test_environments_start_a_few_at_a_time() -> None:
    """A hundred that start at once would all exceed the time of a start."""
    done = subprocess.run([sys.executable, "-c", AT_ONCE], cwd=PROJECT, text=True, capture_output=True, check=True)
    most, allowed = map(int, done.stdout.split())
    assert 1 < most <= allowed
