"""PlanRelease: decide which parts the release changes in each environment, by the changes since what runs there."""

from collections.abc import Mapping
from hashlib import sha256

from msgspec.structs import replace

from functions.adapters.artifacts import Artifacts
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.github.client import GitHub
from functions.adapters.triggers import Triggers
from functions.domain.commit_plans import Scope, plan
from functions.domain.environments import Environment, PartState
from functions.domain.errors import ManifestError
from functions.domain.image_plans import Evidence, plan_images
from functions.domain.manifests import MANIFEST, Manifest, own_name
from functions.domain.order import is_newer
from functions.domain.owners import Claim, claim_of
from functions.domain.pins import Pin
from functions.domain.plans import Plan, entered_by, in_emergency, recorded, within
from functions.domain.releases import Release
from functions.domain.requests import Request
from functions.domain.values import Value
from functions.handler import Handler
from functions.procedures.plans import changes_since, checked_manifest, own_parts, own_pins, with_left_behind
from functions.targets import registry


class Input(Value, frozen=True):
    """The release, its source archive, the environments of the stack in their order, and its repositories.

    Executions of earlier versions have no request.
    """

    deployment_id: str
    release: Release
    source: str
    environments: tuple[Environment, ...]
    repositories: tuple[Claim, ...]
    request: Request | None = None


HANDLER = Handler(
    allow=(
        *Artifacts.READ,
        *EnvironmentsTable.WRITE,
        *DeploymentsTable.READ,
        *DeploymentsTable.WRITE,
        *GitHub.USE,
    ),
    memory_mb=1024,
)


def plan_release(
    event: Input,
    artifacts: Artifacts,
    environments: EnvironmentsTable,
    github: GitHub,
    deployments: DeploymentsTable,
    triggers: Triggers,
) -> Plan:
    """Return and record the plan; a manifest that is invalid or names what is another's is an `invalid` plan.

    So are images that the manifest or an environment does not take.

    Records of the repository's parts that name another repository are from before the settings gave it the parts.
    """
    release = event.release
    try:
        claim = _claim(event)
        entered = tuple(one for one in event.environments if claim.enters(one.name))
        raw = _read(artifacts, event)
        manifest = checked_manifest(raw, claim, entered)
    except ManifestError as error:
        return Plan("invalid", str(error))
    request = event.request or Request(release.repository, release.ref)
    visited = within(entered, request.until)
    running = {one.name: own_parts(environments.parts(one.name), manifest, release.repository) for one in visited}
    for state in (state for states in running.values() for state in states.values()):
        if state.repository != release.repository:
            environments.hand_over(state, release.repository)
    pins = own_pins(environments, running, manifest)
    if release.images:
        walked = entered_by(manifest, entered)
        made = (
            walked
            if isinstance(walked, Plan)
            else _plan_images(
                manifest, within(walked, request.until), running, pins, event, request, deployments, triggers
            )
        )
    else:
        passed = _passed_before(release, visited, running, environments, deployments)
        scope = Scope(request.until, request.parts, request.force, release.order, passed, claim.requested, pins)
        made = plan(manifest, entered, running, changes_since(github, release, running, pins), release.commit, scope)
    made = with_left_behind(made, running)
    if release.emergency:
        made = in_emergency(made)
    files = sorted({path for part in manifest.parts for path in registry.target_of(part.kind).files(part)})
    made = replace(made, files=files, manifest_digest=sha256(raw).hexdigest())
    deployments.note(event.deployment_id, plan=recorded(made))
    return made


def _plan_images(
    manifest: Manifest,
    walked: tuple[Environment, ...],
    running: Mapping[str, Mapping[str, PartState]],
    pins: Mapping[str, Mapping[str, Pin]],
    event: Input,
    request: Request,
    deployments: DeploymentsTable,
    triggers: Triggers,
) -> Plan:
    """The plan of a release of images; a placeholder that an environment does not know is an `invalid` plan."""
    release = event.release
    try:
        repositories = {
            one.name: {
                own_name(part.name): registry.target_of(part.kind).image_repository(one, part)
                for part in manifest.parts
                if own_name(part.name) in release.images
            }
            for one in walked
        }
    except ManifestError as error:
        return Plan("invalid", str(error))
    proved = {
        service: deployments.passed(release.repository, f"{service}@{image.digest}")
        for service, image in release.images.items()
    }
    evidence = Evidence(repositories, proved, triggers.rules.protected)
    return plan_images(manifest, walked, running, release, evidence, force=request.force, pins=pins)


def _passed_before(
    release: Release,
    visited: tuple[Environment, ...],
    running: Mapping[str, Mapping[str, PartState]],
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
) -> dict[str, str]:
    """The environments that the commit passed before and that a newer release has reached since, by deployment.

    A version tag goes on from there: its commit may be older than what the first environments run by now.
    """
    found = {}
    for name, by in deployments.passed(release.repository, release.commit).items():
        if name not in {one.name for one in visited}:
            continue
        passage = environments.passage(name, release.repository)
        orders = [mark.order for mark in (passage.arrived, passage.passed) if mark]
        orders += [state.running.order for state in running[name].values() if state.running and state.running.order]
        if any(is_newer(one, release.order) for one in orders):
            found[name] = by
    return found


def _claim(event: Input) -> Claim:
    repository = event.release.repository
    claim = claim_of(repository, event.repositories)
    if claim is None:
        raise ManifestError(f"{MANIFEST}: {repository} is not delivered by this stack: add it to github.repositories")
    return claim


def _read(artifacts: Artifacts, event: Input) -> bytes:
    raw = artifacts.member(event.source, MANIFEST)
    if raw is None:
        raise ManifestError(
            f"{MANIFEST}: not in {event.release.repository} at {event.release.short}; add it at the root"
        )
    return raw
