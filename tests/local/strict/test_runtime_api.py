"""Functions start, and what they print is in their log, also on a busy machine."""

import os
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

# Forty invocations at once of one function, whose environments start in a tenth of a second; printed is how many
# environments there are.
ONE_FUNCTION = """
import threading, time
import local.strict.runtime_api
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

config = {"FunctionArn": "arn:aws:lambda:eu-central-1:111122223333:function:one", "Runtime": "provided.al2023"}
def invoke():
    worker, _ = lambda_svc.acquire_worker("one", config, b"")
    if not worker._init_settled.is_set():
        time.sleep(0.1)
        worker._init_settled.set()
    time.sleep(0.005)
    lambda_runtime.release_worker(worker)
threads = [threading.Thread(target=invoke) for _ in range(40)]
for one in threads: one.start()
for one in threads: one.join()
print(sum(map(len, lambda_runtime._workers.values())))
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


def test_an_invocation_takes_a_free_environment_rather_than_a_new_one() -> None:
    """A hundred invocations at once of some dozens of functions would start thousands of environments."""
    done = subprocess.run([sys.executable, "-c", ONE_FUNCTION], cwd=PROJECT, text=True, capture_output=True, check=True)
    assert 1 < int(done.stdout) <= max(20, 2 * (os.cpu_count() or 1))
