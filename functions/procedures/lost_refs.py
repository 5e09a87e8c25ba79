"""Version tags and branches whose webhook was lost: found by what GitHub lists, never by the times of commits (P2)."""

from collections.abc import Iterator
from itertools import islice

from msgspec.structs import replace

from functions.adapters.github.client import GitHub
from functions.adapters.github.heads import Heads
from functions.adapters.workflows import Deployments
from functions.domain.errors import KiroError
from functions.domain.pushes import Ignored, push_of
from functions.domain.reconciliation import Listed, SeenRefs, is_due, is_lost, new_refs, unknown_refs
from functions.domain.triggers import NotDelivered, TriggerRules, last_environment
from functions.domain.values import Value
from functions.procedures.orphans import Orphans, Repair

# Each costs one request to GitHub; the next runs do the rest.
_MOST_REFS = 10


class LostRefs(Value, frozen=True):
    """The search in all repositories; `rules` are the settings of the stack."""

    orphans: Orphans
    deployments: Deployments
    rules: TriggerRules
    github: GitHub
    heads: Heads

    def all(self, now: str) -> Iterator[Repair]:
        """Start what was pushed since the last look and has no deployment after the grace period.

        What is there at the first look starts nothing: it may have been deployed long ago.
        """
        failed: list[Exception] = []
        repositories = sorted(self.deployments.repositories)
        seen = self.orphans.waits.refs(repositories)
        for repository in repositories:
            try:
                yield from self._of(repository, seen.get(repository), now)
            except KiroError as error:  # a repository that can't be read does not stop the others
                failed.append(error)
        if failed:
            raise ExceptionGroup("version tags could not be read", failed)

    def _of(self, repository: str, seen: SeenRefs | None, now: str) -> Iterator[Repair]:
        if not is_due(seen, now):
            return
        listed = self._delivered(repository)
        found = listed.refs
        if seen is None:
            self.orphans.waits.save_refs(repository, SeenRefs(now, found))
            return
        unknown = unknown_refs(seen, new_refs(seen, listed))
        since = {ref: seen.since.get(ref, now) for ref in unknown}
        for ref in islice(unknown, _MOST_REFS):
            settled, repair = self._settle(repository, ref, since[ref], now)
            if settled:
                del since[ref]
            if repair:
                yield repair
        known = {ref: seen.known.get(ref, "") if ref in since else target for ref, target in found.items()}
        # While one waits for its grace period, the next run reads again.
        at = seen.at if since else now
        self.orphans.waits.save_refs(repository, SeenRefs(at, {k: v for k, v in known.items() if v}, since))

    def _delivered(self, repository: str) -> Listed:
        """The refs that the settings deliver, besides the main branch."""
        listed = self.heads.listed(repository, branches=bool(self.rules.branches))
        if listed is None:  # renamed or gone: this request says which, or answers after all
            listed = Listed(self.github.refs(repository, "tags/v"))
        found = listed.refs
        if self.rules.branches and not listed.all_branches:
            found |= self.github.refs(repository, "heads/")
        return replace(listed, refs={ref: target for ref, target in found.items() if self._is_delivered(ref)})

    def _is_delivered(self, ref: str) -> bool:
        return ref != self.rules.main_ref and not isinstance(last_environment(ref, "", self.rules), NotDelivered)

    def _settle(self, repository: str, ref: str, since: str, now: str) -> tuple[bool, Repair | None]:
        """Whether nothing is left to do for a ref, and the repair if it was started here."""
        commit = self.github.commit(repository, ref)
        read = push_of(repository, ref, commit.sha, commit.message, self.rules, lost=True)
        if isinstance(read, Ignored) or self.orphans.has_begun(read.name):
            return True, None
        if not is_lost(since, now, self.orphans.grace_seconds):
            return False, None
        self.deployments.start(read.name, read.request)
        return True, Repair("push started", f"{read.name}: {repository} has {ref}, and no webhook reported it")
