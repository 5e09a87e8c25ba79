"""Carries a build's output to CloudWatch Logs line by line, in the order it was written."""

from __future__ import annotations

import datetime
import os
import select
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Iterable

FLUSH_SECONDS = 0.2
BATCH_EVENTS = 1000
LINE_CHARACTERS = 100_000
MASK = "***"
# hiding shorter values would hide large parts of the log and protect nothing
MASKED_CHARACTERS = 3


class BuildLog:
    """One log stream; commands write to `descriptor`, the server calls `write`, and both keep their order."""

    def __init__(self, logs: Any, group: str, stream: str, *, enabled: bool = True) -> None:
        self._logs = logs
        self._group = group
        self._stream = stream
        self._enabled = enabled
        self._secrets: list[str] = []
        self._events: list[dict[str, Any]] = []
        # separates the server's lines from output of a command that does not end with a newline
        self._mark = uuid.uuid4().bytes.replace(b"\n", b"n")
        self._reader, self.descriptor = os.pipe()
        if enabled:
            self._create()
        self._thread = threading.Thread(target=self._pump, name=f"log-{stream}", daemon=True)
        self._thread.start()

    def hide(self, secrets: Iterable[str]) -> None:
        """Replace these values by *** from now on, as CodeBuild does for secrets and parameters."""
        known = {*self._secrets, *(value for value in secrets if len(value) >= MASKED_CHARACTERS)}
        self._secrets = sorted(known, key=len, reverse=True)

    def write(self, text: str) -> None:
        """Write a line of the server itself."""
        now = datetime.datetime.now(datetime.UTC).strftime("%Y/%m/%d %H:%M:%S.%f")
        remaining = memoryview(self._mark + f"[Container] {now} {text}\n".encode())
        while remaining:
            remaining = remaining[os.write(self.descriptor, remaining) :]

    def close(self) -> None:
        """Send the rest; call this after the build's last process has ended."""
        os.close(self.descriptor)
        self._thread.join()
        os.close(self._reader)

    def _create(self) -> None:
        for create, arguments in (
            (self._logs.create_log_group, {"logGroupName": self._group}),
            (self._logs.create_log_stream, {"logGroupName": self._group, "logStreamName": self._stream}),
        ):
            try:
                create(**arguments)
            except self._logs.exceptions.ResourceAlreadyExistsException:
                continue

    def _pump(self) -> None:
        rest, flushed = b"", time.monotonic()
        while True:
            ready, _, _ = select.select([self._reader], [], [], FLUSH_SECONDS)
            received = os.read(self._reader, 65536) if ready else None
            if received:
                *lines, rest = (rest + received).split(b"\n")
                self._take(lines)
            ended = received == b""
            if ended and rest:
                self._take([rest])
            due = time.monotonic() - flushed >= FLUSH_SECONDS
            if self._events and (ended or due or len(self._events) >= BATCH_EVENTS):
                self._flush()
                flushed = time.monotonic()
            if ended:
                return

    def _take(self, lines: list[bytes]) -> None:
        now = int(time.time() * 1000)
        for line in (part for written in lines for part in self._parts(written)):
            text = line.decode(errors="replace")[:LINE_CHARACTERS]
            for secret in self._secrets:
                text = text.replace(secret, MASK)
            self._events.append({"timestamp": now, "message": f"{text}\n"})

    def _parts(self, line: bytes) -> list[bytes]:
        output, mark, own = line.partition(self._mark)
        return [part for part in (output, own) if part] if mark else [line]

    def _flush(self) -> None:
        events, self._events = self._events, []
        if not self._enabled:
            return
        for start in range(0, len(events), BATCH_EVENTS):
            try:
                self._logs.put_log_events(
                    logGroupName=self._group,
                    logStreamName=self._stream,
                    logEvents=events[start : start + BATCH_EVENTS],
                )
            except (BotoCoreError, ClientError):
                # a lost log does not fail a build: the emulator may be stopping
                return
