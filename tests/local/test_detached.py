"""A platform that outlives its terminal."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local import detached, running
from local.platform import PlatformError

UP = """import json, os, sys, time
print("deploying", flush=True)
with open(sys.argv[1] + ".new", "w") as file: json.dump({"pid": os.getpid()}, file)
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(60)"""
DOWN = "print('port 1 is taken'); raise SystemExit(1)"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[subprocess.Popen[bytes]]]:
    """Replaces the platform by a small program; returns the processes that were started."""
    monkeypatch.setattr(running, "LOG", tmp_path / "start.log")
    monkeypatch.setattr(running, "RUNNING", tmp_path / "running.json")
    monkeypatch.setattr(running, "PID", tmp_path / "platform.pid")
    monkeypatch.setattr(detached, "HOME", tmp_path)
    monkeypatch.setattr(running, "HOME", tmp_path)
    begun: list[subprocess.Popen[bytes]] = []
    begin = subprocess.Popen

    def replaced(program: str) -> list[subprocess.Popen[bytes]]:
        def start(_: list[str], **options: object) -> subprocess.Popen[bytes]:
            made: subprocess.Popen[bytes] = begin([sys.executable, "-c", program, str(running.RUNNING)], **options)  # type: ignore[call-overload]
            begun.append(made)
            return made

        monkeypatch.setattr(subprocess, "Popen", start)
        return begun

    return replaced


def test_it_returns_when_the_platform_is_up(programs: Callable[[str], list[subprocess.Popen[bytes]]]) -> None:
    """The platform runs on, in a session of its own, so that Ctrl-C and a closed terminal do not reach it."""
    begun = programs(UP)
    said: list[str] = []
    assert detached.start([], said.append) == {"pid": begun[0].pid}
    assert (begun[0].poll(), os.getsid(begun[0].pid)) == (None, begun[0].pid)
    assert running.LOG.read_text("utf-8") == "deploying\n"
    begun[0].send_signal(signal.SIGKILL)
    begun[0].wait()


def test_a_second_platform_is_not_begun(programs: Callable[[str], list[subprocess.Popen[bytes]]]) -> None:
    """What the first has said is kept."""
    begun = programs(UP)
    running.LOG.write_text("deploying\n", "utf-8")
    with running.only_one(), pytest.raises(PlatformError, match="already runs as process"):
        detached.start([], print)
    assert (begun, running.LOG.read_text("utf-8")) == ([], "deploying\n")


def test_a_platform_that_does_not_start_says_why(programs: Callable[[str], list[subprocess.Popen[bytes]]]) -> None:
    """Its own words, and where all of them are; what an earlier platform has published counts for nothing."""
    begun = programs(DOWN)
    running.RUNNING.write_text(json.dumps({"pid": 1}), "utf-8")
    said: list[str] = []
    with pytest.raises(PlatformError, match=r"start\.log") as caught:
        detached.start([], said.append)
    assert "port 1 is taken" in f"{said}{caught.value}"
    assert begun[0].returncode == 1
