"""Heads of main branches whose webhook was lost, also after a forced push back to what was delivered before (P2)."""

from collections.abc import Iterator

from msgspec.structs import replace

from functions.adapters.clock import Clock
from functions.adapters.github.client import GitHub
from functions.adapters.github.heads import Heads
from functions.adapters.workflows import Deployments
from functions.domain.errors import KiroError
from functions.domain.pushes import SKIPPED, Start, push_of
from functions.domain.reconciliation import Sighting, is_back, judge_push
from functions.domain.releases import execution_name
from functions.domain.triggers import TriggerRules
from functions.domain.values import Value
from functions.procedures.orphans import Orphans, Repair


class LostPushes(Value, frozen=True):
    """The search in all repositories; `rules` are the settings of the stack."""

    orphans: Orphans
    deployments: Deployments
    rules: TriggerRules
    github: GitHub
    heads: Heads
    clock: Clock

    def all(self) -> Iterator[Repair]:
        """Start a deployment for each branch head that has none after the grace period."""
        failed: list[Exception] = []
        repositories = sorted(self.deployments.repositories)
        seen = self.orphans.waits.sightings(repositories)
        heads = self.heads.of(repositories, self.rules.main_branch)
        for repository in repositories:
            try:
                # What the query does not find is asked for by itself, which names what was renamed or is missing.
                head = heads.get(repository) or self.github.branch_head(repository, self.rules.main_branch)
                if head:
                    yield from self._of(repository, head, seen.get(repository))
            except KiroError as error:  # a repository that can't be read does not stop the others
                failed.append(error)
        if failed:
            raise ExceptionGroup("branch heads could not be read", failed)

    def _of(self, repository: str, head: str, seen: Sighting | None) -> Iterator[Repair]:
        if seen is None or seen.commit != head:
            self.orphans.waits.save_sighting(repository, Sighting(head, self.clock.text()))
            return
        if seen.settled:
            return
        over = self._replaced(repository, head, seen)
        if not over and self.orphans.was_started(self._name(repository, head), repository, head):
            self._settle(repository, seen)
            return
        message = self.github.commit(repository, head).message
        grace = self.orphans.grace_seconds
        judged = judge_push(message, seen, now=self.clock.text(), grace_seconds=grace)
        if judged == "waiting":
            return
        if judged == "skipped":  # the webhook's function has no credential for it
            self.github.set_status(repository, head, "kiro", "success", f"skipped: {SKIPPED}")
        read = push_of(repository, self.rules.main_ref, head, message, self.rules, lost=True, over=over)
        if judged == "lost" and isinstance(read, Start) and self.deployments.start(read.name, read.request):
            yield Repair("push started", f"{read.name}: {repository} is at {head[:12]}, and no webhook reported it")
        self._settle(repository, seen)

    def _replaced(self, repository: str, head: str, seen: Sighting) -> str:
        """The newest release, if a forced push replaced it by a commit that was delivered before; else ""."""
        newest = self.orphans.newest(repository)
        begun = self.orphans.begun_at(self._name(repository, head))
        back = newest not in ("", head) and is_back(seen, begun, grace_seconds=self.orphans.grace_seconds)
        return newest if back else ""

    def _name(self, repository: str, commit: str) -> str:
        return execution_name(repository, self.rules.main_ref, commit)

    def _settle(self, repository: str, seen: Sighting) -> None:
        self.orphans.waits.save_sighting(repository, replace(seen, settled=True))
