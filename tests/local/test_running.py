"""Which platform runs, and how it is reached."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import running
from local.platform import PlatformError
from local.running import Form

DESCRIBED = {
    "pid": 7,
    "stack": "test",
    "region": "eu-central-1",
    "endpoint": "http://127.0.0.1:8491",
    "codebuildEndpoint": "http://127.0.0.1:8493",
    "console": "http://127.0.0.1:8490/console",
    "repository": "http://127.0.0.1:8492/acme/hello-service.git",
    "githubToken": "ghp_it's",
    "deploymentWorkflow": "arn:aws:states:…",
    "logs": ".local/platform-7",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout in which nothing runs."""
    for name, file in (("HOME", ""), ("PID", "platform.pid"), ("RUNNING", "running.json")):
        monkeypatch.setattr(running, name, tmp_path / file)


def test_only_one_platform_runs() -> None:
    """Another start is refused with the process that runs, and nothing is believed once that has ended."""
    with pytest.raises(PlatformError, match="no platform runs; start one"):
        running.running()
    with running.only_one():
        with (
            pytest.raises(PlatformError, match=f"already runs as process {os.getpid()}; end it with"),
            running.only_one(),
        ):
            pytest.fail("two run")
        with pytest.raises(PlatformError, match=f"is being started by process {os.getpid()}"):
            running.running()
        running.publish({"pid": os.getpid()})
        assert running.running() == {"pid": os.getpid()}
    assert (running.owner(), running.RUNNING.exists()) == (None, False)


def test_a_number_of_another_process_is_no_platform() -> None:
    """A killed platform leaves its files, and the system gives its number away again: it is neither shown nor ended."""
    running.PID.write_text(str(os.getpid()), "utf-8")
    running.publish({"pid": os.getpid()})
    with pytest.raises(PlatformError, match="no platform runs"):
        running.running()
    assert not running.end()


def test_the_platform_is_ended() -> None:
    """By the signal of Ctrl-C; the call returns when it has ended."""
    program = (
        "import sys, signal; from pathlib import Path; from local import running\n"
        "running.HOME, running.PID, running.RUNNING = map(Path, sys.argv[1:])\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with running.only_one():\n print('runs', flush=True); signal.pause()\n"
    )
    places = (running.PID.parent, running.PID, running.RUNNING)
    with subprocess.Popen([sys.executable, "-c", program, *map(str, places)], stdout=-1, stderr=-1) as platform:
        assert platform.stdout is not None
        assert platform.stdout.readline() == b"runs\n"
        assert running.owner() == platform.pid
        assert running.end()
        assert running.owner() is None
        platform.communicate()


def test_a_terminal_gets_ten_lines_at_most() -> None:
    """What to open, and what to type next."""
    lines = running.written(DESCRIBED, Form.TEXT).splitlines()
    assert len(lines) <= 10
    text = "\n".join(lines)
    for word in (
        "http://127.0.0.1:8490/console",
        "/mail",
        "git push http://kiro-worker:ghp_it's@127.0.0.1:8492",
        " stop",
    ):
        assert word in text


def test_a_shell_gets_variables_and_nothing_else() -> None:
    """They name the platform for git, the AWS CLI and the SDKs; the ECS endpoint only where there is one."""
    text = running.written({**DESCRIBED, "ecsEndpoint": "http://127.0.0.1:8494"}, Form.ENV)
    assert all(line.startswith("export ") for line in text.splitlines())
    shown = subprocess.run(
        ["sh", "-c", f'{text}\necho "$AWS_ENDPOINT_URL_ECS $AWS_ENDPOINT_URL $KIRO_STACK $REPOSITORY"'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    pushed = "http://kiro-worker:ghp_it's@127.0.0.1:8492/acme/hello-service.git"
    assert shown == f"http://127.0.0.1:8494 http://127.0.0.1:8491 test {pushed}\n"
    assert "AWS_ENDPOINT_URL_ECS" not in running.written(DESCRIBED, Form.ENV)


def test_a_program_gets_every_name() -> None:
    """As one JSON object."""
    assert json.loads(running.written(DESCRIBED, Form.JSON)) == DESCRIBED
