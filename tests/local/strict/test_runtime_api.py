"""What a function prints is in its log, also on a busy machine."""

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


def test_a_line_that_is_read_late_is_in_the_log_of_its_invocation() -> None:
    """Otherwise it would be in that of the next invocation, if there is one."""
    done = subprocess.run([sys.executable, "-c", LATE], cwd=PROJECT, text=True, capture_output=True, check=True)
    assert done.stdout.splitlines() == ["a line", "''"]
