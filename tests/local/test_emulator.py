"""The emulator listens on loopback only and leaves no process and no file behind."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.clients import Clients, clients
from local.emulator import Emulator
from local.pulumi.handlers.lambda_ import BOOTSTRAP
from tests.roles import new_role

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 10.0
HANDLER = """
import os, subprocess, time

def handler(event, context):
    if event.get("sleep"):
        open(event["started"], "w").write(str(os.getpid()))
        time.sleep(event["sleep"])
    return os.getpid()
"""


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Poll until the condition holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE_SECONDS} s: {what}"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def group(leader: int) -> set[int]:
    """Return the running processes of a process group."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(entry.name)) == leader and alive(int(entry.name)):
                found.add(int(entry.name))
        except (ProcessLookupError, PermissionError):
            continue
    return found


def create_function(aws: Clients) -> str:
    """Create a function that runs under the runtime client."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        package.writestr("main.py", HANDLER)
        info = zipfile.ZipInfo("bootstrap")
        info.external_attr = 0o755 << 16
        package.writestr(info, BOOTSTRAP)
    aws.client("lambda").create_function(
        FunctionName="worker", Runtime="provided.al2023", Handler="main.handler", Timeout=60,
        Role=new_role(aws), Code={"ZipFile": content.getvalue()},
    )  # fmt: skip
    return "worker"


def invoke(aws: Clients, **parameters: Any) -> Any:
    """Call the function and return its answer."""
    return aws.client("lambda").invoke(FunctionName="worker", **parameters)


def running_worker(aws: Clients, tmp_path: Path) -> set[int]:
    """Start one idle worker and one in a long call; returns their process ids."""
    create_function(aws)
    idle = int(json.loads(invoke(aws)["Payload"].read()))
    started = tmp_path / "started"
    event = json.dumps({"sleep": 300, "started": str(started)})
    invoke(aws, InvocationType="Event", Payload=event)
    wait_for(lambda: started.exists() and bool(started.read_text()), "the long call started")
    # the idle worker may have taken the long call: then another call starts a second one
    busy = int(started.read_text())
    if busy == idle:
        idle = int(json.loads(invoke(aws)["Payload"].read()))
    return {idle, busy}


def test_it_listens_on_one_loopback_port_only(emulator: Emulator) -> None:
    """No port is reachable from another machine, and only the gateway listens."""
    owned = {
        str(link.readlink()).removeprefix("socket:[").removesuffix("]")
        for link in Path(f"/proc/{emulator.pid}/fd").iterdir()
        if str(link.readlink()).startswith("socket:")
    }
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{emulator.pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in owned:
                listening.add(fields[1])
    # the Runtime API of a warm Lambda worker also listens on loopback
    assert f"0100007F:{emulator.port:04X}" in listening
    assert all(address.startswith("0100007F:") for address in listening)


def test_it_has_the_given_account_and_region(emulator: Emulator, aws: Clients) -> None:
    """ARNs have the given account and region."""
    arn = aws.client("sqs").get_queue_attributes(
        QueueUrl=aws.client("sqs").create_queue(QueueName="whose")["QueueUrl"], AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]
    assert arn == f"arn:aws:sqs:{emulator.region}:{emulator.account}:whose"


def test_an_invalid_account_is_refused(tmp_path: Path) -> None:
    """An account id that is not 12 digits is an error at once."""
    with pytest.raises(ValueError, match="12 digits"):
        Emulator(tmp_path / "log", account="12345")


def test_stop_leaves_no_process_and_no_files(tmp_path: Path) -> None:
    """Stopping ends idle and busy Lambda workers with the emulator, and removes its scratch folder."""
    with Emulator(tmp_path / "emulator.log", account="123456789012", role_seconds=0) as emulator:
        with clients(emulator.endpoint, emulator.region) as aws:
            workers = running_worker(aws, tmp_path)
        leader = emulator.pid
        assert all(map(alive, workers))
    wait_for(lambda: not group(leader) and not any(map(alive, workers)), "everything has ended")
    assert {path.name for path in tmp_path.iterdir()} == {"emulator.log", "started"}


def parent_of(pid: int) -> int:
    """The process that started another."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.long
def test_workers_start_with_and_without_the_prefork_server(tmp_path: Path) -> None:
    """Workers are forked from the prefork server; after it was killed they start by themselves."""
    with (
        Emulator(tmp_path / "emulator.log", account="123456789012", role_seconds=0) as emulator,
        clients(emulator.endpoint, emulator.region) as aws,
    ):
        create_function(aws)
        forked = json.loads(invoke(aws)["Payload"].read())
        server = parent_of(forked)
        assert "prefork.py" in Path(f"/proc/{server}/cmdline").read_text()
        os.kill(server, signal.SIGKILL)
        os.kill(forked, signal.SIGKILL)
        answers: list[Any] = []

        def answered() -> bool:
            # the emulator may call a killed worker once more before it notices the end
            answers.append(json.loads(invoke(aws)["Payload"].read()))
            return isinstance(answers[-1], int)

        wait_for(answered, "a worker starts by itself")
        assert parent_of(answers[-1]) == emulator.pid


def test_workers_die_with_a_killed_emulator(tmp_path: Path) -> None:
    """kill -9 of the emulator alone takes idle and busy Lambda workers along."""
    with Emulator(tmp_path / "emulator.log", account="123456789012", role_seconds=0) as emulator:
        with clients(emulator.endpoint, emulator.region) as aws:
            workers = running_worker(aws, tmp_path)
        os.kill(emulator.pid, signal.SIGKILL)
        wait_for(lambda: not any(map(alive, workers)), "the workers ended")


@pytest.mark.long
def test_everything_dies_with_a_killed_parent(tmp_path: Path) -> None:
    """kill -9 of the process that started the emulator leaves neither emulator nor workers."""
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom local.emulator import Emulator\n"
        "with Emulator(Path(sys.argv[1]), account='123456789012', role_seconds=0) as emulator:\n"
        "    print(emulator.pid, emulator.endpoint, flush=True)\n    time.sleep(300)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "emulator.log")], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        leader, endpoint = parent.stdout.readline().split()
        with clients(endpoint, "eu-central-1") as aws:
            workers = running_worker(aws, tmp_path)
        parent.kill()
    wait_for(lambda: not group(int(leader)) and not any(map(alive, workers)), "everything has ended")
