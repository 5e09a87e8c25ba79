"""One build: its AWS record, its phases, and the only place that publishes its changes."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from local.codebuild import events

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local.codebuild.processes import BuildProcesses

Record = dict[str, Any]
Interruption = Literal["STOPPED", "TIMED_OUT"]
Context = tuple[str, str]


@dataclass
class Job:
    """A build; `record` is the answer of BatchGetBuilds, the other fields serve to run it."""

    record: Record
    artifacts: Record
    secondary_artifacts: Sequence[Record]
    logs_config: Record
    publish: Callable[[Record], None]
    interruption: Interruption | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    processes: BuildProcesses | None = None
    # reentrant: publishing happens inside a change, so that events leave in the order of the changes
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def uuid(self) -> str:
        """The part of the build's id after the project's name."""
        return str(self.record["id"].rpartition(":")[2])

    def snapshot(self) -> Record:
        """Return a copy of the record as it is now."""
        with self.lock:
            return copy.deepcopy(self.record)

    def update(self, **changes: Any) -> None:
        """Set members of the record."""
        with self.lock:
            self.record.update(changes)

    def submit(self) -> None:
        """Publish that the build exists and is queued."""
        with self.lock:
            self.enter("SUBMITTED")
            self.publish(events.state_change(self.record))
            self.leave("SUCCEEDED")
            self.enter("QUEUED")

    def enter(self, phase: str) -> None:
        """Begin a phase."""
        with self.lock:
            self.record["phases"].append({"phaseType": phase, "startTime": datetime.now(UTC)})
            self.record["currentPhase"] = phase

    def leave(self, status: str, contexts: Sequence[Context] = ()) -> None:
        """End the current phase with a status and the contexts that explain it."""
        with self.lock:
            phase, now = self.record["phases"][-1], datetime.now(UTC)
            phase |= {
                "phaseStatus": status,
                "endTime": now,
                "durationInSeconds": round((now - phase["startTime"]).total_seconds()),
                "contexts": [{"statusCode": code, "message": message} for code, message in contexts],
            }
            self.publish(events.phase_change(self.record, phase))

    def fault(self, message: str) -> None:
        """End the current phase with the status FAULT, for an error of this service."""
        with self.lock:
            if "phaseStatus" in self.record["phases"][-1]:
                self.enter("FINALIZING")
            self.leave("FAULT", [("INTERNAL_SERVICE_ERROR", message)])

    def complete(self, status: str) -> None:
        """End the build with a status."""
        with self.lock:
            self.enter("COMPLETED")
            self.record |= {"buildStatus": status, "buildComplete": True, "endTime": datetime.now(UTC)}
            self.publish(events.state_change(self.record))
        self.finished.set()

    def interrupt(self, why: Interruption) -> None:
        """Make the build end soon as stopped or timed out; only the first reason counts, an ended build stays."""
        with self.lock:
            if self.interruption or self.record["buildComplete"]:
                return
            self.interruption = why
            if self.processes:
                self.processes.terminate()

    def attach(self, processes: BuildProcesses | None) -> None:
        """Set the processes that an interruption must end."""
        with self.lock:
            self.processes = processes
            if processes and self.interruption:
                processes.terminate()
