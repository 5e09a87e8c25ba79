"""One way through the platform with one fault on it: what every kind of run has in common."""

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
    """An execution did not end in time; the text says where it stood."""


@dataclass
class Run(ABC):
    """`name` begins the names of all executions on its behalf; `deployment` is what their handlers are told."""

    env: FaultEnvironment
    subject: Subject
    name: str
    case: FaultCase | None = None

    @property
    @abstractmethod
    def deployment(self) -> str:
        """The deployment, or attempt, that the fault waits for."""

    @property
    @abstractmethod
    def outcome(self) -> str:
        """How it ended, in a word."""

    @abstractmethod
    def wrong(self) -> list[str]:
        """Everything that does not hold now."""

    @abstractmethod
    def again(self) -> list[str]:
        """The same once more, by a person's hand: what is wrong after that."""

    @abstractmethod
    def mend(self) -> None:
        """After a case that failed the next one starts on clean env."""

    def arm(self) -> None:
        """From now on the case's fault may strike."""
        if self.case:
            self.env.plans.write(self.case, self.deployment, self.env.machines[self.case.workflow])

    def disarm(self) -> bool:
        """Nothing more strikes; whether anything did."""
        self.env.plans.remove(self.deployment)
        return self.env.plans.struck(self.deployment)

    def await_end(self, over: Callable[[], bool], look: Callable[[], None] = lambda: None) -> None:
        """Look now and then until it is over, and everything on its behalf has ended."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not over() or self.env.running(self.name):
            look()
            self._stop_nesting()
            if time.monotonic() > deadline:
                stood = {e.rpartition(":")[2]: self.env.state(e) for e in self.env.running(self.name)}
                raise StuckError(f"{self.name}: not over after {PATIENCE_SECONDS} s; running: {stood or 'nothing'}")
            time.sleep(PAUSE)

    def _stop_nesting(self) -> None:
        """A person who stops an execution while it waits for another one, or that other one."""
        if not self.case or not self.case.nests or self.env.plans.struck(self.deployment):
            return
        for execution in self.env.running(self.name, self.case.workflow):
            if self.case.waits_for_nested and self.env.state(execution) != self.case.state:
                continue
            nested = [e for e in self.env.running(self.name) if _name(e).startswith(f"{_name(execution)}-")]
            if nested:
                chosen = execution if self.case.fault == "stop" else min(nested, key=len)
                self.env.plans.strike(self.deployment)
                self.env.stop(chosen)


def _name(execution: str) -> str:
    return execution.rpartition(":")[2]


def settle(run: Run, found: Callable[[], list[str]]) -> list[str]:
    """Ask again until nothing is wrong, or the time is up; it counts from when all on the run's behalf has ended.

    What an end has woken (`events/execution_ended`) comes a moment after it: words, and a rollback that runs alone.
    What is wrong then is left to the reconciliation, whose minute is not waited for.
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
