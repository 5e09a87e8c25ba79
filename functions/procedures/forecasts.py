"""Forecast of a deployment, from GitHub, the records and the locks; nothing is started or written."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.github.pull_plans import PullPlans
from functions.adapters.github.types import Pull
from functions.adapters.locks_table import LocksTable
from functions.domain.commit_plans import Scope, plan
from functions.domain.demands import unreported
from functions.domain.environments import Environment, Freeze, PartState
from functions.domain.errors import ManifestError
from functions.domain.forecasts import Forecast, forecast, stage_seconds
from functions.domain.manifests import MANIFEST, Part
from functions.domain.owners import Claim
from functions.domain.pins import Pin
from functions.domain.plans import Change, Plan
from functions.domain.pull_plans import after_merge
from functions.domain.records import DeploymentRecord
from functions.domain.releases import Release
from functions.domain.times import seconds_between
from functions.gates import registry as gates_registry
from functions.handler import Allow
from functions.procedures.plans import changes_since, checked_manifest, own_parts, own_pins, with_left_behind
from functions.targets import registry

if TYPE_CHECKING:
    from functions.runtime import Clients


class Forecasts:
    """Makes forecasts with read-only calls: under the operator's own permissions, or those of a function."""

    SETTINGS: ClassVar[tuple[str, ...]] = (
        *DeploymentsTable.SETTINGS,
        *EnvironmentsTable.SETTINGS,
        *LocksTable.SETTINGS,
        *PullPlans.SETTINGS,
    )
    READ: ClassVar[tuple[Allow, ...]] = (
        *DeploymentsTable.LIST,
        *EnvironmentsTable.READ,
        *LocksTable.READ,
        *PullPlans.USE,
    )

    def __init__(
        self,
        github: PullPlans,
        deployments: DeploymentsTable,
        environments: EnvironmentsTable,
        locks: LocksTable,
        clock: Clock,
    ) -> None:
        self._github = github
        self._deployments = deployments
        self._environments = environments
        self._locks = locks
        self._clock = clock

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The records of this stack, and its GitHub."""
        return cls(
            PullPlans.connect(aws),
            DeploymentsTable.connect(aws),
            EnvironmentsTable.connect(aws),
            LocksTable.connect(aws),
            Clock.connect(aws),
        )

    def of(self, claim: Claim, ref: str, environments: tuple[Environment, ...]) -> Forecast:
        """The forecast for a commit, branch or tag of the repository that has this claim.

        An invalid manifest, or one that names what is another's, makes it `invalid`, with the reason.
        """
        repository = claim.repository
        environments = tuple(one for one in environments if claim.enters(one.name))
        commit = self._github.commit(repository, ref)
        release = Release(
            repository,
            ref,
            commit.sha,
            commit.author_name,
            commit.author_email,
            commit.message,
            commit.committed_at,
        )
        return self._forecast(
            release,
            commit.sha,
            claim,
            environments,
            "",
            lambda running, pins: changes_since(self._github, release, running, pins),
        )

    def of_pull(self, claim: Claim, pull: Pull, environments: tuple[Environment, ...], until: str) -> Forecast:
        """The forecast for the main branch after a pull request was merged, up to the environment `until` ("": all).

        Nothing of the pull request is run: its files are read from GitHub, and those of a fork likewise.
        """
        environments = tuple(one for one in environments if claim.enters(one.name))
        files = self._github.pull_files(claim.repository, pull.number)
        release = Release(claim.repository, f"refs/pull/{pull.number}/head", pull.head, author=pull.author)
        # Main has the manifest that is deployed unless the pull request changes it.
        manifest_at = pull.head if files is None or MANIFEST in files else pull.base

        def changes(
            running: Mapping[str, Mapping[str, PartState]], pins: Mapping[str, Mapping[str, Pin]]
        ) -> dict[str, Change]:
            main = changes_since(self._github, Release(claim.repository, pull.base_branch, pull.base), running, pins)
            return {base: after_merge(change, files) for base, change in main.items()}

        return self._forecast(release, manifest_at, claim, environments, until, changes)

    def _forecast(
        self,
        release: Release,
        manifest_at: str,
        claim: Claim,
        environments: tuple[Environment, ...],
        until: str,
        changes: Callable[[Mapping[str, Mapping[str, PartState]], Mapping[str, Mapping[str, Pin]]], dict[str, Change]],
    ) -> Forecast:
        repository = release.repository
        raw = self._github.read_file(repository, MANIFEST, manifest_at)
        try:
            if raw is None:
                raise ManifestError(f"{MANIFEST}: not in {repository} at {manifest_at[:12]}; add it at the root")  # noqa: TRY301
            manifest = checked_manifest(raw, claim, environments)
        except ManifestError as error:
            return forecast(release, Plan("invalid", str(error)), {}, {}, {}, {}, self._clock.now(), _describe)
        running = {
            one.name: own_parts(self._environments.parts(one.name), manifest, repository) for one in environments
        }
        pins = own_pins(self._environments, running, manifest)
        scope = Scope(until, requested=claim.requested, pins=pins)
        made = plan(manifest, environments, running, changes(running, pins), release.commit, scope)
        made = with_left_behind(made, running)
        locks = {one.name: self._locks.read(self._locks.key(one.name, repository)) for one in environments}
        frozen, durations = self._frozen(environments), self._durations(environments)
        gates = {
            stage.environment.name: gates_registry.forecast_environment(stage.after_deploy) for stage in made.stages
        }
        # What the build declares reports: whether it delivers it is judged when it has ended.
        missing = unreported(made.stages, manifest.gates, set(manifest.gates), emergency=False)
        lacking = tuple(map(str, missing))
        gates[""] = (*gates_registry.forecast_release(manifest.gates, made.stages), *lacking)
        return forecast(release, made, gates, locks, frozen, durations, self._clock.now(), _describe, lacking)

    def _frozen(self, environments: tuple[Environment, ...]) -> dict[str, Freeze]:
        found = {one.name: self._environments.frozen(one.name) for one in environments}
        return {name: freeze for name, freeze in found.items() if freeze}

    def _durations(self, environments: tuple[Environment, ...]) -> dict[str, list[float]]:
        records = [record for one in environments for record in self._deployments.recent(one.name, "deployed")]
        return stage_seconds(environments, [_seconds(record) for record in records])


def _describe(environment: Environment, part: Part) -> str:
    return registry.target_of(part.kind).describe(environment, part)


def _seconds(record: DeploymentRecord) -> dict[str, float]:
    """Seconds of each stage by environment, and of the whole deployment under ""; unfinished ones are left out."""
    spans = {"": seconds_between(record.started_at, record.finished_at)}
    spans |= {name: seconds_between(one.started_at, one.finished_at) for name, one in record.stages.items()}
    return {name: seconds for name, seconds in spans.items() if seconds is not None}
