"""Forecast of a deployment, from GitHub, the records and the locks; nothing is started or written."""

from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.github.client import GitHub
from functions.adapters.locks_table import LocksTable
from functions.deployment.plan_release import changes_since, checked_manifest, own_parts
from functions.domain.demands import unreported
from functions.domain.environments import Environment, Freeze
from functions.domain.errors import ManifestError
from functions.domain.forecasts import Forecast, forecast, stage_seconds
from functions.domain.manifests import MANIFEST, Part
from functions.domain.owners import Claim
from functions.domain.plans import Plan, Scope, plan
from functions.domain.records import DeploymentRecord
from functions.domain.releases import Release
from functions.domain.times import seconds_between
from functions.gates import registry as gates_registry
from functions.targets import registry

if TYPE_CHECKING:
    from functions.runtime import Clients


class Forecasts:
    """Makes forecasts with read-only calls, under the operator's own permissions."""

    SETTINGS: ClassVar[tuple[str, ...]] = (
        *DeploymentsTable.SETTINGS,
        *EnvironmentsTable.SETTINGS,
        *LocksTable.SETTINGS,
        *GitHub.SETTINGS,
    )

    def __init__(
        self,
        github: GitHub,
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
            GitHub.connect(aws),
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
        raw = self._github.read_file(repository, MANIFEST, commit.sha)
        try:
            if raw is None:
                raise ManifestError(f"{MANIFEST}: not in {repository} at {release.short}; add it at the root")  # noqa: TRY301
            manifest = checked_manifest(raw, claim, environments)
        except ManifestError as error:
            return forecast(release, Plan("invalid", str(error)), {}, {}, {}, {}, self._clock.now(), _describe)
        running = {
            one.name: own_parts(self._environments.parts(one.name), manifest, repository) for one in environments
        }
        changes = changes_since(self._github, release, running)
        made = plan(manifest, environments, running, changes, release.commit, Scope(requested=claim.requested))
        locks = {one.name: self._locks.read(self._locks.key(one.name, repository)) for one in environments}
        frozen, durations = self._frozen(environments), self._durations(environments)
        gates = {
            stage.environment.name: gates_registry.forecast_environment(stage.after_deploy) for stage in made.stages
        }
        missing = unreported(made.stages, manifest.gates, set(manifest.gates), emergency=False)
        gates[""] = (*gates_registry.forecast_release(manifest.gates, made.stages), *map(str, missing))
        return forecast(release, made, gates, locks, frozen, durations, self._clock.now(), _describe)

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
