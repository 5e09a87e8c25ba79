"""One way through the platform with one fault on it: what every kind of play has in common."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from local.faults.ground import Ground
from local.faults.lanes import Lane
from local.faults.plans import Row

PATIENCE_SECONDS = 180
PAUSE = 0.15
_SETTLE_SECONDS = 8


class StuckError(RuntimeError):
    """An execution did not end in time; the text says where it stood."""


@dataclass
class Play(ABC):
    """`name` begins the names of all executions on its behalf; `deployment` is what their rooms are told."""

    ground: Ground
    lane: Lane
    name: str
    row: Row | None = None

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
        """After a row that failed the next one starts on clean ground."""

    def arm(self) -> None:
        """From now on the row's fault may strike."""
        if self.row:
            self.ground.plans.write(self.row, self.deployment, self.ground.machines[self.row.workflow])

    def disarm(self) -> bool:
        """Nothing more strikes; whether anything did."""
        self.ground.plans.remove(self.deployment)
        return self.ground.plans.struck(self.deployment)

    def await_end(self, over: Callable[[], bool], look: Callable[[], None] = lambda: None) -> None:
        """Look now and then until it is over, and everything on its behalf has ended."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not over() or self.ground.running(self.name):
            look()
            self._stop_nesting()
            if time.monotonic() > deadline:
                stood = {e.rpartition(":")[2]: self.ground.state(e) for e in self.ground.running(self.name)}
                raise StuckError(f"{self.name}: not over after {PATIENCE_SECONDS} s; running: {stood or 'nothing'}")
            time.sleep(PAUSE)

    def _stop_nesting(self) -> None:
        """A person who stops an execution while it waits for another one, or that other one."""
        if not self.row or not self.row.nests or self.ground.plans.struck(self.deployment):
            return
        for execution in self.ground.running(self.name, self.row.workflow):
            if self.row.waits_for_nested and self.ground.state(execution) != self.row.state:
                continue
            nested = [e for e in self.ground.running(self.name) if _name(e).startswith(f"{_name(execution)}-")]
            if nested:
                chosen = execution if self.row.fault == "stop" else min(nested, key=len)
                self.ground.plans.strike(self.deployment)
                self.ground.stop(chosen)


def _name(execution: str) -> str:
    return execution.rpartition(":")[2]


def settle(play: Play, found: Callable[[], list[str]]) -> list[str]:
    """Ask again until nothing is wrong, or the time is up; it counts from when all on the play's behalf has ended.

    What an end has woken (`events/execution_ended`) comes a moment after it: words, and a rollback that runs alone.
    What is wrong then is left to the reconciliation, whose minute is not waited for.
    """
    problems = _quiet(play, found)
    if problems:
        play.ground.call("functions.events.reconcile", {})
        problems = _quiet(play, found)
    return problems


def _quiet(play: Play, found: Callable[[], list[str]]) -> list[str]:
    problems: list[str] = []
    began = quiet = time.monotonic()
    while time.monotonic() - quiet < _SETTLE_SECONDS:
        if not (problems := found()):
            return []
        if play.ground.running(play.name) and time.monotonic() - began < PATIENCE_SECONDS:
            quiet = time.monotonic()
        time.sleep(PAUSE)
    return problems
