"""Runs of releases: the deployment of one commit, started by hand, to the environment of a subject."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from functions.adapters.clock import Clock
from functions.domain.environments import Freeze
from tests.faults.harness import checks
from tests.faults.harness.runs import Run, StuckError, settle

# The longest queue of a lock in these cases.
_QUEUE = 5


@dataclass
class Release(Run):
    """The deployment of one commit; `known` are the commits that may run after its end."""

    commit: str = ""
    known: set[str] = field(default_factory=set)

    @property
    def deployment(self) -> str:
        """The name of the deployment."""
        return self.name

    @property
    def outcome(self) -> str:
        """The outcome in the deployment's record; `none` without one."""
        return str(self.env.record(self.name).get("outcome", "none"))

    def deploy(self) -> str:
        """Start the deployment of the commit."""
        given = {
            "repository": self.subject.repository,
            "ref": "refs/heads/main",
            "commit": self.commit,
            "trigger": "operator",
        }
        self.known = self.known or {self.subject.answers(), self.commit}
        return self.env.start("deployment", self.name, given)

    def finish(self, execution: str, poll: Callable[[], None] = lambda: None) -> None:
        """Wait until an execution and all others of this run have ended; calls `poll` in the meantime."""
        self.await_end(lambda: self.env.status(execution) != "RUNNING", poll)

    def freeze(self) -> None:
        """Freeze the environment, as a person does."""
        self.env.environments.freeze(self.subject.name, Freeze("a case of the matrix", "a person", Clock().text()))

    def unfreeze_if_awaited(self) -> None:
        """Unfreeze the environment as `kiro-worker unfreeze` does, once this release waits for it."""
        if f"unfreeze/{self.subject.name}/{self.name}-{self.subject.name}" in self.env.waiting():
            self.env.unfreeze(self.subject.name)

    def wrong(self) -> list[str]:
        """Orphans, wrong versions, and missing or repeated announcements."""
        return [
            *checks.left_behind(self, f"environment/{self.subject.name}"),
            *checks.open_requests(self),
            *checks.wrong_versions(self),
            *checks.unrecorded_rollbacks(self),
            *checks.unannounced(self),
        ]

    def rerun(self) -> list[str]:
        """Deploy the commit again: it waits while the environment is frozen, and is deployed or skipped after that."""
        rerun = self._of(f"{self.name}rerun", {self.commit})
        if self.env.environments.frozen(self.subject.name):
            rerun.finish(rerun.deploy(), rerun.unfreeze_if_awaited)
            if self.env.environments.frozen(self.subject.name) and rerun.outcome != "skipped":
                return [f"frozen, but a rerun did not wait for the unfreeze: {rerun.outcome}"]
            self.env.environments.freeze(self.subject.name, None)
        else:
            rerun.finish(rerun.deploy())
        if rerun.outcome not in ("deployed", "skipped"):
            return [f"the rerun ended {rerun.outcome}: {self.env.record(rerun.name).get('reason')}"]
        return settle(rerun, lambda: [*rerun.wrong(), *checks.not_good(rerun)])

    def recover(self) -> None:
        """Stop all executions of this subject, release its lock, end its freeze, and deploy the commit again."""
        for machine in self.env.machines.values():
            for execution in self.env.sfn.list_executions(stateMachineArn=machine, statusFilter="RUNNING")[
                "executions"
            ]:
                given = self.env.given(execution["executionArn"])
                if self.subject.name in (given.get("environment") or {}).get("name", "") or (
                    given.get("repository") == self.subject.repository
                ):
                    self.env.stop(execution["executionArn"])
        self.subject.set_alarm(self.env.clients, on=False)
        time.sleep(1)
        key = f"environment/{self.subject.name}"
        for _ in range(_QUEUE):
            owner = self.env.locks.read(key).owner
            if owner:
                self.env.locks.release(key, owner.execution)
        self.env.environments.freeze(self.subject.name, None)
        recovery = self._of(f"{self.name}recovery", set())
        with suppress(StuckError):
            recovery.finish(recovery.deploy())

    def _of(self, name: str, known: set[str]) -> "Release":
        """Another deployment of the same commit."""
        return Release(self.env, self.subject, name, commit=self.commit, known=known)
