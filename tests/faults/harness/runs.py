"""A run: one release or card on the platform, with at most one fault."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.harness.environment import FaultEnvironment
from tests.faults.harness.plans import FaultCase
from tests.faults.harness.subjects import Subject

PATIENCE_SECONDS = 180
PAUSE = 0.15
_SETTLE_SECONDS = 8


class StuckError(RuntimeError):
    """An execution did not end in time; the text names its state."""


@dataclass
class Run(ABC):
    """The names of all executions of a run begin with `name`; their handlers know the run as `deployment`."""

    env: FaultEnvironment
    subject: Subject
    name: str
    case: FaultCase | None = None

    @property
    @abstractmethod
    def deployment(self) -> str:
        """The id of the deployment or attempt that gets the fault."""

    @property
    @abstractmethod
    def outcome(self) -> str:
        """The end of the run, in few words."""

    @abstractmethod
    def wrong(self) -> list[str]:
        """All problems that exist now."""

    @abstractmethod
    def rerun(self) -> list[str]:
        """Repeat the run as a person would; returns the problems after it."""

    @abstractmethod
    def recover(self) -> None:
        """Clean up after a failed case, so that the next case is not disturbed."""

    def arm(self) -> None:
        """Plan the fault of the case."""
        if self.case:
            self.env.plans.write(self.case, self.deployment, self.env.machines[self.case.workflow])

    def disarm(self) -> bool:
        """Remove the fault's plan; returns whether the fault has happened."""
        self.env.plans.remove(self.deployment)
        return self.env.plans.was_injected(self.deployment)

    def await_end(self, over: Callable[[], bool], poll: Callable[[], None] = lambda: None) -> None:
        """Wait until `over` is true and all executions of the run have ended; calls `poll` in the meantime."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not over() or self.env.running(self.name):
            poll()
            self._stop_nesting()
            if time.monotonic() > deadline:
                states = {e.rpartition(":")[2]: self.env.state(e) for e in self.env.running(self.name)}
                raise StuckError(
                    f"{self.name}: did not end within {PATIENCE_SECONDS} s; running: {states or 'nothing'}"
                )
            time.sleep(PAUSE)

    def _stop_nesting(self) -> None:
        """Stop an execution that waits for a nested one, or the nested one, as the case demands."""
        if not self.case or not self.case.nests or self.env.plans.was_injected(self.deployment):
            return
        for execution in self.env.running(self.name, self.case.workflow):
            if self.case.waits_for_nested and self.env.state(execution) != self.case.state:
                continue
            nested = [e for e in self.env.running(self.name) if _name(e).startswith(f"{_name(execution)}-")]
            if nested:
                chosen = execution if self.case.fault == "stop" else min(nested, key=len)
                self.env.plans.note_injected(self.deployment)
                self.env.stop(chosen)


def _name(execution: str) -> str:
    return execution.rpartition(":")[2]


def settle(run: Run, found: Callable[[], list[str]]) -> list[str]:
    """Check until there are no problems or the time is up, which counts from the end of all executions of the run.

    Announcements and rollbacks by `events/execution_ended` start a moment after an end. If problems remain after that,
    the reconciliation is invoked, without waiting for its minute.
    """
    problems = _quiet(run, found)
    if problems:
        run.env.call("functions.events.reconcile", {})
        problems = _quiet(run, found)
    return problems


def _quiet(run: Run, found: Callable[[], list[str]]) -> list[str]:
    problems: list[str] = []
    began = quiet = time.monotonic()
    while time.monotonic() - quiet < _SETTLE_SECONDS:
        if not (problems := found()):
            return []
        if run.env.running(run.name) and time.monotonic() - began < PATIENCE_SECONDS:
            quiet = time.monotonic()
        time.sleep(PAUSE)
    return problems
