"""Releases as runs: one commit's deployment, by hand, to the environment of its subject."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.faults.harness import checks
from tests.faults.harness.runs import Run, StuckError, settle

# More never stand in one line here.
_LINE = 5


@dataclass
class Release(Run):
    """One release on its way; `known` are the commits that may answer when it has ended."""

    commit: str = ""
    known: set[str] = field(default_factory=set)

    @property
    def deployment(self) -> str:
        """Named by hand."""
        return self.name

    @property
    def outcome(self) -> str:
        """As its record says."""
        return str(self.env.record(self.name).get("outcome", "none"))

    def deploy(self) -> str:
        """Start the deployment of the commit."""
        given = {
            "repository": self.subject.repository,
            "ref": "refs/heads/main",
            "commit": self.commit,
            "trigger": "operator",
        }
        self.known = self.known or {self.env.answers(self.subject), self.commit}
        return self.env.start("deployment", self.name, given)

    def see_out(self, execution: str, look: Callable[[], None] = lambda: None) -> None:
        """Wait for the end of an execution, and of everything else on its behalf."""
        self.await_end(lambda: self.env.status(execution) != "RUNNING", look)

    def wrong(self) -> list[str]:
        """Left behind, misplaced or untold."""
        return [
            *checks.left_behind(self, f"environment/{self.subject.name}"),
            *checks.open_requests(self),
            *checks.misplaced(self),
            *checks.unreturned(self),
            *checks.untold(self),
        ]

    def again(self) -> list[str]:
        """Refused while frozen, and deployed or skipped after that."""
        rerun = self._of(f"{self.name}again", {self.commit})
        if self.env.environments.frozen(self.subject.name):
            refused = self._of(f"{self.name}refused", set())
            refused.see_out(refused.deploy())
            record = self.env.record(refused.name)
            if record.get("outcome") != "failed" or "frozen" not in record.get("reason", ""):
                return [f"frozen, but a rerun was not refused: {record.get('outcome')}: {record.get('reason')}"]
            self.env.environments.freeze(self.subject.name, None)
        rerun.see_out(rerun.deploy())
        if rerun.outcome not in ("deployed", "skipped"):
            return [f"the rerun ended {rerun.outcome}: {self.env.record(rerun.name).get('reason')}"]
        return settle(rerun, lambda: [*rerun.wrong(), *checks.settled(rerun)])

    def mend(self) -> None:
        """Everything of this subject is stopped, its lock freed, and the release deployed once more."""
        for machine in self.env.machines.values():
            for case in self.env.sfn.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]:
                given = self.env.given(case["executionArn"])
                if self.subject.name in (given.get("environment") or {}).get("name", "") or (
                    given.get("repository") == self.subject.repository
                ):
                    self.env.stop(case["executionArn"])
        self.subject.ring(self.env.clients, rings=False)
        time.sleep(1)
        key = f"environment/{self.subject.name}"
        for _ in range(_LINE):
            owner = self.env.locks.read(key).owner
            if owner:
                self.env.locks.release(key, owner.execution)
        self.env.environments.freeze(self.subject.name, None)
        mending = self._of(f"{self.name}mended", set())
        with suppress(StuckError):
            mending.see_out(mending.deploy())

    def _of(self, name: str, known: set[str]) -> "Release":
        """Another deployment of the same commit."""
        return Release(self.env, self.subject, name, commit=self.commit, known=known)
