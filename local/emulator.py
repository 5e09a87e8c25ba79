"""The embedded AWS: ministack as a child process on a loopback port, which ends with its owner."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from local.clients import DUMMY_CREDENTIAL
from local.strict import HOOK, SEED, USES

if TYPE_CHECKING:
    from types import TracebackType

HOST = "127.0.0.1"
READY_SECONDS = 30.0
LAUNCHES = 3
# On AWS some seconds, seldom more than ten.
ROLE_SECONDS = 2.0
GUARD = Path(__file__).with_name("guarded.py")
LAMBDA_START = Path(__file__).with_name("lambda_start.py")
EMULATED = Path(__file__).parent / "strict" / "emulated.py"
PREFORK = Path(__file__).with_name("prefork.py")


@dataclass(frozen=True, slots=True)
class Quotas:
    """How many builds and functions the account runs at a time; 0 functions: as many as the machine's memory allows."""

    builds: int = 4
    functions: int = 0


# By default one build of each compute type: https://docs.aws.amazon.com/general/latest/gr/codebuild.html
# New accounts have a reduced concurrency: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
NEW_ACCOUNT = Quotas(builds=1, functions=10)
LAPTOP = Quotas()


class EmulatorError(RuntimeError):
    """The emulator did not start; the message holds the end of its log."""


def free_port() -> int:
    """Return a free TCP port of the loopback address."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class Emulator:
    """A running ministack, as a context manager; `wait_scale` shortens Wait states and retry sleeps.

    For `role_seconds` a new role can't be taken by a function. `seed` decides which calls are throttled; an
    empty one throttles none. `quotas` are the account's: Lambda refuses what exceeds them, Service Quotas lists them.
    It listens on `port`, or on a free one if it is 0 or lost to another program.
    """

    def __init__(
        self,
        log_path: Path,
        region: str = "eu-central-1",
        account: str = "000000000000",
        wait_scale: float = 1.0,
        role_seconds: float = ROLE_SECONDS,
        seed: str = "",
        quotas: Quotas = LAPTOP,
        port: int = 0,
    ) -> None:
        if len(account) != 12 or not account.isdigit():
            raise ValueError(f"account {account!r} is not an AWS account id; give 12 digits")
        self.log_path = log_path.resolve()
        self.region = region
        self.account = account
        self.wait_scale = wait_scale
        self.role_seconds = role_seconds
        self.seed = seed
        self.quotas = quotas
        self.port = 0
        self._wanted = port
        self._process: subprocess.Popen[bytes] | None = None
        self._prefork: subprocess.Popen[bytes] | None = None
        self._scratch = self.log_path.with_suffix(".tmp")

    @property
    def endpoint(self) -> str:
        """The URL of every service."""
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """The id of the process and of its process group; raises EmulatorError before `start`."""
        if self._process is None:
            raise EmulatorError("the emulator is not running; call start() first")
        return self._process.pid

    def start(self) -> Self:
        """Start the process and wait until it answers; raises EmulatorError with the log's end."""
        for attempt in range(LAUNCHES):
            self._launch()
            try:
                self._await_ready()
            except EmulatorError:
                port_lost = self._process is not None and self._process.poll() is not None
                self.stop()
                if not port_lost or attempt == LAUNCHES - 1:
                    raise
            else:
                return self
        raise AssertionError("unreachable: the last launch returns or raises")

    def stop(self) -> None:
        """Kill the emulator and every process below it; its data is lost on purpose."""
        processes, self._process, self._prefork = (self._process, self._prefork), None, None
        for process in filter(None, processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _launch(self) -> None:
        self.port, self._wanted = self._wanted or free_port(), 0
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir()
        self._process = self._run(str(GUARD), str(os.getpid()), str(EMULATED))
        self._prefork = self._run(str(PREFORK), str(self._socket), str(os.getpid()), PYTHONPATH=str(HOOK))

    def _run(self, *command: str, **more: str) -> subprocess.Popen[bytes]:
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-P", *command],
                cwd=self._scratch,
                env=self._environment() | more,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # its own group, so that stop() reaches the Lambda workers too
                start_new_session=True,
            )

    @property
    def _socket(self) -> Path:
        return self._scratch / "prefork"

    def _environment(self) -> dict[str, str]:
        """The emulator's variables: only PATH comes from the caller, and no real credential or proxy."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._scratch),
            "TMPDIR": str(self._scratch),
            "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": DUMMY_CREDENTIAL,
            "AWS_SECRET_ACCESS_KEY": DUMMY_CREDENTIAL,
            "AWS_EC2_METADATA_DISABLED": "true",
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": HOST,
            "MINISTACK_REGION": self.region,
            "MINISTACK_ACCOUNT_ID": self.account,
            "SFN_WAIT_SCALE": str(self.wait_scale),
            # every call of a role needs what its policies allow; strict/emulated.py says what else
            "AUTH": "true",
            "STRICT_ROLE_SECONDS": str(self.role_seconds),
            "STRICT_USES": str(self.log_path.with_name(USES)),
            "STRICT_BUILDS": str(self.quotas.builds),
            # empty is as many as the machine's memory allows
            "LAMBDA_ACCOUNT_CONCURRENCY": str(self.quotas.functions or ""),
            # passed on to Lambda workers: strict/throttles.py
            SEED: self.seed,
            # listeners and daemons beyond the gateway stay off
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "USE_SSL": "0",
            "DOCKER_HOST": f"unix://{self._scratch}/no-docker.sock",
            "LAMBDA_EXECUTOR": "local",
            # passed on to Lambda workers: the socket at which `lambda_start.py` finds the prefork server
            "LAMBDA_PREFORK": str(self._socket),
        }

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise EmulatorError(f"ministack ended while starting; its log: {self._log_end()}")
            try:
                with opener.open(f"{self.endpoint}/_ministack/ready", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.05)
        raise EmulatorError(f"ministack did not answer in {READY_SECONDS:.0f} s; its log: {self._log_end()}")

    def _log_end(self) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines()
        return "\n".join([str(self.log_path), *lines[-15:]])
