"""A container: a process started from an image, with its ports and its health check."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any

from local.emulator import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.ecs.images import Image

Record = dict[str, Any]
LAUNCH = Path(__file__).with_name("launch.py")
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
INTERVAL, TIMEOUT, RETRIES, START = 30, 5, 3, 0
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html: stopTimeout
STOP_SECONDS = 30


class Container:
    """A container of a task. All containers of a laptop share one loopback address, so each listens on its `PORT`."""

    def __init__(self, definition: Record, override: Record, image: Image, log: Path, second: float) -> None:
        self.definition = definition
        self.image = image
        self.ports = {one["containerPort"]: _free_port() for one in definition.get("portMappings", ())}
        self.exit_code: int | None = None
        self._second = second
        self._health = _Health(definition["healthCheck"], second) if "healthCheck" in definition else None
        self._killed_at = 0.0
        command = override.get("command") or definition.get("command") or image.command
        self._environment = _environment(definition, override, self.ports)
        with log.open("ab") as output:
            self._process = _start(
                [*definition.get("entryPoint", ()), *command], self._environment, image.folder, output
            )

    @property
    def essential(self) -> bool:
        """Whether the task ends with this container."""
        return bool(self.definition.get("essential", True))

    @property
    def health(self) -> str:
        """The result of the health check; UNKNOWN without one."""
        return self._health.status if self._health else "UNKNOWN"

    @property
    def checked(self) -> bool:
        """Whether the container has a health check."""
        return self._health is not None

    def step(self) -> None:
        """Note the end of the process, and run the health check when it is due."""
        if self.exit_code is None:
            code = self._process.poll()
            if code is not None:
                self.exit_code = code if code >= 0 else 128 - code
            elif self._health:
                self._health.step(self._environment, self.image.folder)
        if self._killed_at and self.exit_code is None and time.monotonic() > self._killed_at:
            self._send(signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM, and SIGKILL after the stop timeout; repeated: no effect."""
        if not self._killed_at:
            self._killed_at = time.monotonic() + self.definition.get("stopTimeout", STOP_SECONDS) * self._second
            self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once."""
        self._send(signal.SIGKILL)
        self._process.wait()
        if self._health:
            self._health.stop()

    def _send(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


class _Health:
    """A container's health check: a command that is run at intervals."""

    def __init__(self, settings: Record, second: float) -> None:
        self.status = "UNKNOWN"
        self._command = _command(settings["command"])
        self._interval = settings.get("interval", INTERVAL) * second
        self._timeout = settings.get("timeout", TIMEOUT) * second
        self._retries = settings.get("retries", RETRIES)
        self._counts_from = time.monotonic() + settings.get("startPeriod", START) * second
        self._failures = 0
        self._due = time.monotonic()
        self._running: subprocess.Popen[bytes] | None = None

    def step(self, environment: Mapping[str, str], folder: Path) -> None:
        """Start the check when it is due, or read its result."""
        at = time.monotonic()
        if self._running is None:
            if at >= self._due:
                self._due = at + self._interval
                self._running = _start(self._command, environment, folder, subprocess.DEVNULL)
            return
        code = self._running.poll()
        if code is None and at < self._due - self._interval + max(self._timeout, 1.0):
            return
        self.stop()
        if code == 0:
            self._failures, self.status = 0, "HEALTHY"
        elif at >= self._counts_from or self.status == "HEALTHY":
            self._failures += 1
            if self._failures >= self._retries:
                self.status = "UNHEALTHY"

    def stop(self) -> None:
        """End a check that still runs."""
        if self._running and self._running.poll() is None:
            self._running.kill()
            self._running.wait()
        self._running = None


def _command(given: Sequence[str]) -> list[str]:
    """The command of a health check: `CMD` runs it directly, `CMD-SHELL` in a shell."""
    kind, *words = given
    return ["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words if kind == "CMD" else [kind, *words]


def _environment(definition: Record, override: Record, ports: Mapping[int, int]) -> dict[str, str]:
    given = [*definition.get("environment", ()), *override.get("environment", ())]
    own = {f"PORT_{container}": str(port) for container, port in ports.items()}
    first = {"PORT": str(next(iter(ports.values())))} if ports else {}
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    return {"PATH": path, **own, **first, **{one["name"]: one["value"] for one in given}}


def _start(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, output: Any
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), *command],
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


def _free_port() -> int:
    with socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])
