"""What lies between a release and what runs, and whether the way back is open: for people who are about to decide."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.artifacts import Artifacts
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.github.client import GitHub
from functions.domain.approvals import RollbackTarget
from functions.domain.environments import Environment, PartState, Version
from functions.domain.errors import GitHubError
from functions.domain.manifests import Part
from functions.domain.redaction import redact
from functions.domain.releases import Release
from functions.domain.rollback import way_back
from functions.domain.texts import NAME, cut
from functions.handler import Allow
from functions.targets.registry import Targets

if TYPE_CHECKING:
    from functions.runtime import Clients

_MOST_COMMITS = 20


class RollbackOutlook:
    """Reads records, objects and versions; changes nothing."""

    SETTINGS: ClassVar[tuple[str, ...]] = (
        *EnvironmentsTable.SETTINGS,
        *Artifacts.SETTINGS,
        *GitHub.SETTINGS,
        *Targets.SETTINGS,
    )
    LOOK: ClassVar[tuple[Allow, ...]] = (
        *EnvironmentsTable.READ,
        *Artifacts.READ,
        *GitHub.USE,
        *Targets.LOOK,
    )

    def __init__(self, environments: EnvironmentsTable, artifacts: Artifacts, github: GitHub, targets: Targets) -> None:
        self._environments = environments
        self._artifacts = artifacts
        self._github = github
        self._targets = targets

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The stack's records, bucket and GitHub."""
        return cls(
            EnvironmentsTable.connect(aws),
            Artifacts.connect(aws),
            GitHub.connect(aws),
            Targets.connect(aws),
        )

    def commits(self, release: Release, environment: str, parts: Sequence[str]) -> tuple[tuple[str, ...], str]:
        """The commits since what runs in these parts, newest first, and a word on what is not among them."""
        states = self._environments.parts(environment)
        bases = {s.running.commit for n, s in states.items() if n in parts and s.running and s.running.commit}
        if not bases:
            return (), "nothing that came from a commit runs here yet"
        try:
            compared = [self._github.compare(release.repository, base, release.commit) for base in sorted(bases)]
        except GitHubError as error:
            return (), f"GitHub could not tell: {error}"
        most = max(compared, key=lambda one: one.ahead_by)
        lines = [
            cut(redact(f"{c.sha[:12]} {c.message.partition(chr(10))[0]} ({c.author_name})"), NAME)
            for c in reversed(most.commits)
        ]
        if most.status not in ("ahead", "identical"):
            return tuple(lines[:_MOST_COMMITS]), f"what runs here is not an ancestor of this release ({most.status})"
        left = most.ahead_by - len(lines[:_MOST_COMMITS])
        return tuple(lines[:_MOST_COMMITS]), f"and {left} older ones" if left > 0 else ""

    def ways_back(self, environment: Environment, parts: Sequence[str]) -> tuple[RollbackTarget, ...]:
        """For each part that runs, the last known good version and whether it can still be put back."""
        states = self._environments.parts(environment.name)
        return tuple(self._way_back(environment, states[name]) for name in parts if name in states)

    def _way_back(self, environment: Environment, state: PartState) -> RollbackTarget:
        to = way_back(state, state.running.version if state.running else None)
        if to is None:
            return RollbackTarget(state.part, "nothing", ready=False, reason="nothing ran here before")
        words = to.commit[:12] or f"version {to.version}"
        lost = self._lost(environment, state.definition, to)
        if lost:
            return RollbackTarget(state.part, words, ready=False, reason=lost)
        good = "last known good" if to == state.good else "it runs now, but was never verified good"
        return RollbackTarget(state.part, words, ready=True, reason=f"{good}, still there")

    def _lost(self, environment: Environment, part: Part | None, to: Version) -> str:
        """What the way back would miss; empty when it is all there."""
        if part is None:
            return "how it was deployed is not on record"
        return self._targets.of(part).lost(environment, part, to, self._artifacts)
