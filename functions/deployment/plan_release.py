"""PlanRelease: decide which parts the release changes in each environment, by the changes since what runs there."""

from dataclasses import dataclass

from functions.adapters.artifacts import Artifacts
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.github.client import GitHub
from functions.adapters.manifest_file import read_manifest
from functions.domain.environments import Environment, PartState
from functions.domain.errors import ManifestError
from functions.domain.manifests import MANIFEST, Manifest
from functions.domain.plans import Change, Plan, in_emergency, plan, recorded
from functions.domain.releases import Release
from functions.handler import Handler


@dataclass(frozen=True, slots=True)
class Input:
    """The release, its source archive, and the environments of the stack in their order."""

    deployment_id: str
    release: Release
    source: str
    environments: tuple[Environment, ...]


HANDLER = Handler(allow=(*Artifacts.READ, *EnvironmentsTable.READ, *DeploymentsTable.WRITE, *GitHub.USE), memory_mb=512)


def plan_release(
    event: Input,
    artifacts: Artifacts,
    environments: EnvironmentsTable,
    github: GitHub,
    deployments: DeploymentsTable,
) -> Plan:
    """Return and record the plan; an invalid manifest is a plan with the outcome `invalid` and the reason."""
    try:
        manifest = _manifest(artifacts, event)
    except ManifestError as error:
        return Plan("invalid", str(error))
    running = {e.name: environments.parts(e.name) for e in event.environments}
    made = plan(
        manifest, event.environments, running, changes_since(github, event.release, running), event.release.commit
    )
    if event.release.emergency:
        made = in_emergency(made)
    deployments.note(event.deployment_id, plan=recorded(made))
    return made


def _manifest(artifacts: Artifacts, event: Input) -> Manifest:
    raw = artifacts.member(event.source, MANIFEST)
    if raw is None:
        raise ManifestError(
            f"{MANIFEST}: not in {event.release.repository} at {event.release.short}; add it at the root"
        )
    return read_manifest(raw)


def changes_since(github: GitHub, release: Release, running: dict[str, dict[str, PartState]]) -> dict[str, Change]:
    """The changes between each commit that runs somewhere and the release, by that commit."""
    bases = {state.running.commit for parts in running.values() for state in parts.values() if state.running}
    found: dict[str, Change] = {}
    for base in sorted(bases - {""}):  # a version that was deployed by hand has no commit
        compared = github.compare(release.repository, base, release.commit)
        found[base] = Change(compared.status, compared.files)
    return found
