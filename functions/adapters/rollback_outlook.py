"""Facts for approvers: the commits since the running version, and whether a rollback is possible."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.artifacts import Artifacts
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.github.client import GitHub
from functions.domain.approvals import RollbackTarget
from functions.domain.environments import Environment, PartState, Version
from functions.domain.errors import GitHubError
from functions.domain.manifests import Part
from functions.domain.releases import Release
from functions.domain.rollback import rollback_version
from functions.domain.texts import one_line, recorded
from functions.handler import Allow
from functions.targets.registry import Targets

if TYPE_CHECKING:
    from functions.runtime import Clients

_MOST_COMMITS = 20


class RollbackOutlook:
    """Reads records, artifacts, versions and GitHub; changes nothing."""

    SETTINGS: ClassVar[tuple[str, ...]] = (
        *EnvironmentsTable.SETTINGS,
        *Artifacts.SETTINGS,
        *GitHub.SETTINGS,
        *Targets.SETTINGS,
    )
    READ: ClassVar[tuple[Allow, ...]] = (
        *EnvironmentsTable.READ,
        *Artifacts.READ,
        *GitHub.USE,
        *Targets.READ,
    )

    def __init__(self, environments: EnvironmentsTable, artifacts: Artifacts, github: GitHub, targets: Targets) -> None:
        self._environments = environments
        self._artifacts = artifacts
        self._github = github
        self._targets = targets

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The tables and bucket of this stack, and its GitHub."""
        return cls(
            EnvironmentsTable.connect(aws),
            Artifacts.connect(aws),
            GitHub.connect(aws),
            Targets.connect(aws),
        )

    def commits(self, release: Release, environment: str, parts: Sequence[str]) -> tuple[tuple[str, ...], str]:
        """The commits since the versions that run in these parts, newest first, and a note on what is not listed."""
        states = self._environments.parts(environment)
        bases = {s.running.commit for n, s in states.items() if n in parts and s.running and s.running.commit}
        if not bases:
            return (), "no version with a known commit runs here yet"
        try:
            compared = [self._github.compare(release.repository, base, release.commit) for base in sorted(bases)]
        except GitHubError as error:
            return (), f"the commits could not be read from GitHub: {error}"
        most = max(compared, key=lambda one: one.ahead_by)
        lines = [
            one_line(f"{c.sha[:12]} {recorded(c.message.partition(chr(10))[0])} ({c.author_name})")
            for c in reversed(most.commits)
        ]
        if most.status not in ("ahead", "identical"):
            return tuple(lines[:_MOST_COMMITS]), f"the running commit is no ancestor of this release ({most.status})"
        left = most.ahead_by - len(lines[:_MOST_COMMITS])
        return tuple(lines[:_MOST_COMMITS]), f"and {left} older ones" if left > 0 else ""

    def base(self, environment: str, parts: Sequence[str]) -> str:
        """The commit that runs in these parts, for a comparison; "" if there is none or they run several."""
        states = self._environments.parts(environment)
        bases = {s.running.commit for n, s in states.items() if n in parts and s.running}
        return bases.pop() if len(bases) == 1 else ""

    def rollback_targets(self, environment: Environment, parts: Sequence[str]) -> tuple[RollbackTarget, ...]:
        """For each part that runs, the version that a rollback would restore and whether it still exists."""
        states = self._environments.parts(environment.name)
        return tuple(self._rollback_target(environment, states[name]) for name in parts if name in states)

    def _rollback_target(self, environment: Environment, state: PartState) -> RollbackTarget:
        to = rollback_version(state, state.running.version if state.running else None)
        if to is None:
            return RollbackTarget(state.part, "nothing", ready=False, reason="nothing ran here before")
        words = to.label or f"version {to.version}"
        lost = self._lost(environment, state.definition, to)
        if lost:
            return RollbackTarget(state.part, words, ready=False, reason=lost)
        good = "last known good" if to == state.good else "it runs now, but was never verified good"
        return RollbackTarget(state.part, words, ready=True, reason=f"{good}, still available")

    def _lost(self, environment: Environment, part: Part | None, to: Version) -> str:
        """Why the version can't be restored; empty if it can."""
        if part is None:
            return "its definition at that time is not recorded"
        return self._targets.of(part).lost(environment, part, to, self._artifacts)
