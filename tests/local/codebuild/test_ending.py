"""A build that is stopped, times out or loses its server ends with all its processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions.adapters.builds import BuildOrder, Builds, BuildStart
from local.clients import clients
from local.codebuild import CodeBuildServer
from tests.local.codebuild.conftest import DEADLINE_SECONDS, MINUTE_SECONDS, Workbench, phases, zipped
from tests.roles import new_role

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.clients import Clients
    from local.emulator import Emulator

# one child in the foreground, one in the background, one in a session of its own (a daemon)
SLEEPING = """
version: 0.2
phases:
  build:
    commands:
      - sleep 300 & echo $! > $PIDS/background
      - setsid sh -c 'echo $$ > $PIDS/daemon; exec sleep 300' &
      - sh -c 'echo $$ > $PIDS/foreground; exec sleep 300'
  post_build:
    commands: [echo never]
"""
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")


def wait(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {DEADLINE_SECONDS} s"
        time.sleep(0.02)


def pids(directory: Path) -> list[int]:
    """Return the process ids that a sleeping build has written."""
    return [int(path.read_text() or 0) for path in directory.iterdir()]


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def sleeping_build(bench: Workbench, directory: Path, **overrides: object) -> tuple[str, list[int]]:
    """Start a build that sleeps; returns its id and processes once all three run."""
    variables = [{"name": "PIDS", "value": str(directory)}]
    build_id = bench.start(bench.project(SLEEPING), environmentVariablesOverride=variables, **overrides)
    wait(lambda: len([pid for pid in pids(directory) if pid]) == 3, "the start of all processes")
    return build_id, pids(directory)


@linux_only
def test_stop(bench: Workbench, tmp_path: Path) -> None:
    """StopBuild ends a build as STOPPED, with the processes it left in the background and outside its session."""
    build_id, running = sleeping_build(bench, tmp_path, timeoutInMinutesOverride=100)
    assert all(alive(pid) for pid in running)
    stopped = bench.codebuild.stop_build(id=build_id)["build"]
    assert stopped["buildStatus"] == "STOPPED"
    assert stopped["buildComplete"]
    assert list(phases(stopped).items())[-2:] == [("BUILD", "STOPPED"), ("COMPLETED", "")]
    assert not any(alive(pid) for pid in running)
    assert bench.events_of(stopped)[-1]["detail"]["build-status"] == "STOPPED"
    assert bench.codebuild.stop_build(id=build_id)["build"]["buildStatus"] == "STOPPED"


@linux_only
def test_timeout(bench: Workbench, tmp_path: Path) -> None:
    """A build that outlasts its timeout ends as TIMED_OUT with all its processes."""
    build_id, running = sleeping_build(bench, tmp_path, timeoutInMinutesOverride=10)
    build = bench.finish(build_id)
    assert build["buildStatus"] == "TIMED_OUT"
    assert phases(build)["BUILD"] == "TIMED_OUT"
    assert build["phases"][-2]["contexts"][0]["statusCode"] == "BUILD_TIMED_OUT"
    assert not any(alive(pid) for pid in running)


def test_stubborn_process(bench: Workbench) -> None:
    """A process that ignores SIGTERM is killed after the grace period."""
    build_id = bench.start(
        bench.project("version: 0.2\nphases:\n  build:\n    commands: ['trap \"\" TERM; while :; do sleep 1; done']\n")
    )
    bench.wait(build_id, lambda build: build["currentPhase"] == "BUILD")
    began = time.monotonic()
    assert bench.codebuild.stop_build(id=build_id)["build"]["buildComplete"]
    assert time.monotonic() - began < 6


@linux_only
def test_background_process_ends_with_its_build(bench: Workbench, tmp_path: Path) -> None:
    """A server that a build leaves in the background ends with the build and does not delay its end."""
    spec = f"version: 0.2\nphases:\n  build:\n    commands: ['sleep 300 & echo $! > {tmp_path}/pid']\n"
    assert bench.run(spec)["buildStatus"] == "SUCCEEDED"
    assert not any(alive(pid) for pid in pids(tmp_path))


def test_queue(emulator: Emulator, tmp_path: Path) -> None:
    """Builds above the limit are QUEUED in their order; a queued build can be stopped and can time out."""
    with (
        CodeBuildServer(
            emulator.endpoint,
            emulator.region,
            emulator.account,
            tmp_path,
            publish=lambda _: None,
            build_environment={},
            concurrency=1,
            minute=MINUTE_SECONDS,
        ) as server,
        clients(emulator.endpoint, emulator.region, server.endpoint) as aws,
    ):
        bench = Workbench(aws, server)
        gate = tmp_path / "gate"
        spec = f"version: 0.2\nphases:\n  build:\n    commands: ['until [ -f {gate} ]; do sleep 0.05; done']\n"
        project = bench.project(spec, timeoutInMinutes=1000)
        first, second, third = (bench.start(project) for _ in range(3))
        late = bench.start(project, queuedTimeoutInMinutesOverride=5)
        bench.wait(first, lambda build: build["currentPhase"] == "BUILD")
        assert bench.get(second)["currentPhase"] == "QUEUED"
        assert bench.codebuild.stop_build(id=third)["build"]["buildStatus"] == "STOPPED"
        assert bench.finish(late)["buildStatus"] == "TIMED_OUT"
        assert phases(bench.get(late)) == {"SUBMITTED": "SUCCEEDED", "QUEUED": "TIMED_OUT", "COMPLETED": ""}
        gate.touch()
        assert bench.finish(second)["buildStatus"] == "SUCCEEDED"
        assert bench.get(first)["endTime"] <= bench.get(second)["endTime"]


ABANDONED = """
import os, signal, sys, time
from pathlib import Path
from local.codebuild import CodeBuildServer
from local.clients import clients
endpoint, root, pids, role = sys.argv[1:]
server = CodeBuildServer(endpoint, "eu-central-1", "123456789012", Path(root), lambda event: None, {"PIDS": pids})
server.start()
with clients(endpoint, "eu-central-1", server.endpoint) as aws:
    codebuild = aws.client("codebuild")
    environment = {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"}
    codebuild.create_project(name="abandoned", source={"type": "NO_SOURCE", "buildspec": sys.stdin.read()},
        artifacts={"type": "NO_ARTIFACTS"}, environment=environment, serviceRole=role)
    codebuild.start_build(projectName="abandoned")
    time.sleep(300)
"""


@linux_only
def test_a_killed_server_leaves_no_process(emulator: Emulator, aws: Clients, tmp_path: Path) -> None:
    """A server that gets SIGKILL leaves no process of its builds behind."""
    folder = tmp_path / "pids"
    folder.mkdir()
    server = subprocess.Popen(
        [sys.executable, "-c", ABANDONED, emulator.endpoint, str(tmp_path / "root"), str(folder), new_role(aws)],
        stdin=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdin
        server.stdin.write(SLEEPING)
        server.stdin.close()
        wait(lambda: len([pid for pid in pids(folder) if pid]) == 3, "the start of all processes")
    finally:
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
    wait(lambda: not any(alive(pid) for pid in pids(folder)), "the end of all processes")


def test_a_full_queue_refuses_builds_until_one_has_begun(emulator: Emulator, aws: Clients, tmp_path: Path) -> None:
    """Five builds may wait for each running one; the product accepts a refusal and can repeat its order.

    Size: https://docs.aws.amazon.com/codebuild/latest/userguide/builds-working.html. Code and message:
    https://github.com/awslabs/landing-zone-accelerator-on-aws/issues/249
    """
    gate = tmp_path / "gate"
    environment = {"AWS_ENDPOINT_URL": emulator.endpoint}
    server = CodeBuildServer(
        emulator.endpoint, emulator.region, emulator.account, tmp_path, lambda _: None, environment, concurrency=1
    )
    with server, clients(emulator.endpoint, emulator.region, server.endpoint) as codebuild:
        bench = Workbench(codebuild, server)
        bucket, source = bench.bucket(**{"source.zip": zipped(a="a")}), "source.zip"
        spec = f"version: 0.2\nphases: {{build: {{commands: ['until [ -e {gate} ]; do sleep 0.05; done']}}}}\n"
        project, product = bench.project(spec), Builds(codebuild.client("codebuild"), bucket)
        first = bench.start(project)
        bench.wait(first, lambda build: build["currentPhase"] == "BUILD")
        queued = [bench.start(project) for _ in range(5)]
        order = BuildOrder(project, spec, source, "d/build.zip", {}, 5, token="t")
        assert product.start(order) == BuildStart(
            "queue full", reason="Cannot have more than 5 builds in queue for the account"
        )
        assert len(bench.codebuild.list_builds()["ids"]) == 6
        bench.codebuild.stop_build(id=queued[0])
        assert product.start(order).outcome == "started"
