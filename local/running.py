"""The platform that runs in this checkout: who it is, how it is reached, and how it is ended.

Its process holds a lock on the pid file, which ends with the process however that ends: a number that the system has
given to another process since is never believed, and two starts at the same time can't both succeed.
"""

import fcntl
import json
import os
import shlex
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import IO, Any

from local.folders import HOME
from local.platform import PlatformError

PID, RUNNING, LOG = HOME / "platform.pid", HOME / "running.json", HOME / "start.log"
COMMAND = ".venv/bin/python -m local"
_END_SECONDS = 20.0


class Form(StrEnum):
    """The values of `--output`."""

    TEXT = "text"
    ENV = "env"
    JSON = "json"


@contextmanager
def only_one() -> Iterator[None]:
    """Be the platform of this checkout; PlatformError if another process is."""
    HOME.mkdir(exist_ok=True)
    with PID.open("a+", encoding="utf-8") as file:
        if not _lock(file, fcntl.LOCK_EX):
            raise already(_number(file))
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            RUNNING.unlink(missing_ok=True)


def already(pid: int) -> PlatformError:
    """The error of a second start."""
    return PlatformError(f"a platform already runs as process {pid}; end it with `{COMMAND} stop`")


def owner() -> int | None:
    """The process that is the platform, or is about to be; None if there is none."""
    try:
        with PID.open(encoding="utf-8") as file:
            return None if _lock(file, fcntl.LOCK_SH) else _number(file)
    except FileNotFoundError:
        return None


def _lock(file: IO[str], kind: int) -> bool:
    """Whether the lock was taken; it is given back when the file is closed."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _number(file: IO[str]) -> int:
    file.seek(0)
    return int(file.read() or 0)


def publish(described: Mapping[str, Any]) -> None:
    """Let other processes read how the platform is reached; they see all of it or nothing."""
    made = RUNNING.with_suffix(".new")
    made.write_text(json.dumps(described, indent=1), "utf-8")
    made.replace(RUNNING)


def running() -> dict[str, Any]:
    """How the platform is reached; PlatformError if none runs, or if it is not ready yet."""
    pid = owner()
    if pid is None:
        raise PlatformError(f"no platform runs; start one with `{COMMAND} start`")
    known = described_by(pid)
    if known is None:
        raise PlatformError(f"the platform is being started by process {pid}; try again in some seconds")
    return known


def described_by(pid: int) -> dict[str, Any] | None:
    """What this process has published; None before it has."""
    try:
        known: dict[str, Any] = json.loads(RUNNING.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return known if known["pid"] == pid else None


def end() -> bool:
    """End the platform and every process that it started; False if there is none, PlatformError if it does not end."""
    pid = owner()
    if pid is None:
        return False
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + _END_SECONDS
    while owner() == pid:
        if time.monotonic() > deadline:
            raise PlatformError(f"process {pid} did not end; end it and its children with `kill -9 {pid}`")
        time.sleep(0.1)
    return True


def written(described: Mapping[str, Any], form: Form) -> str:
    """What `start` and `status` print."""
    match form:
        case Form.JSON:
            return json.dumps(described)
        case Form.ENV:
            return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables(described).items())
        case Form.TEXT:
            return "\n".join(_lines(described))


def variables(described: Mapping[str, Any]) -> dict[str, str]:
    """The variables with which git, `kiro-worker`, the AWS CLI and the SDKs use the platform."""
    ecs = described.get("ecsEndpoint")
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "",  # one of another account would be sent, too
        "AWS_DEFAULT_REGION": described["region"],
        "AWS_REGION": described["region"],
        "AWS_ENDPOINT_URL": described["endpoint"],
        "AWS_ENDPOINT_URL_CODEBUILD": described["codebuildEndpoint"],
        **({"AWS_ENDPOINT_URL_ECS": ecs} if ecs else {}),
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "KIRO_STACK": described["stack"],
        "REPOSITORY": _push_address(described),
        "DEPLOYMENT_WORKFLOW": described["deploymentWorkflow"],
    }


def _push_address(described: Mapping[str, Any]) -> str:
    """With the token, which the local GitHub alone knows: git asks for nothing."""
    return str(described["repository"]).replace("://", f"://kiro-worker:{described['githubToken']}@", 1)


def _lines(described: Mapping[str, Any]) -> Iterator[str]:
    yield f"stack {described['stack']} runs as process {described['pid']}"
    console = described.get("console")
    if console:
        yield f"  open   {console}"
        yield f"  mail   {COMMAND} mail  or  {console.removesuffix('/console')}/mail"
    yield f"  push   git push {_push_address(described)} main"
    yield f'  card   {COMMAND} card "a title" --branch kiro/name'
    yield "  watch  kiro-worker --local status"
    yield f'  names  eval "$({COMMAND} status -o env)"  for git, kiro-worker and the AWS CLI'
    yield f"  logs   {described['logs']}"
    yield f"  end    {COMMAND} stop"
