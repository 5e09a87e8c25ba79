"""What every plan is made of: the checked manifest, the repository's own parts, and the changes since what runs."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.github.client import GitHub
from functions.adapters.manifest_file import read_manifest
from functions.domain.demands import skipped
from functions.domain.environments import Environment, PartState, belongs
from functions.domain.manifests import Manifest
from functions.domain.owners import Claim, KeyPath, key_path_of, refusals
from functions.domain.pins import Pin
from functions.domain.plans import Change, PartPlan, Plan
from functions.domain.releases import Release
from functions.targets import registry


def checked_manifest(raw: bytes, claim: Claim, environments: tuple[Environment, ...]) -> Manifest:
    """The manifest; one that names what its repository may not deliver, or skips, is a ManifestError, with the lines.

    `environments` are those that releases of the repository may enter.
    """

    def refused(manifest: Manifest) -> Iterable[tuple[KeyPath, str]]:
        walked = [one for one in environments if not manifest.environments or one.name in manifest.environments]
        names = {
            one.name: {part.name: registry.target_of(part.kind).names(one, part) for part in manifest.parts}
            for one in (walked if claim.targets is not None else ())
        }
        return (*refusals(manifest, claim, names), *_lacking(manifest, walked), *skipped(manifest, environments))

    return read_manifest(raw, refused)


def _lacking(manifest: Manifest, environments: Iterable[Environment]) -> Iterator[tuple[KeyPath, str]]:
    """Why parts can't be deployed to these environments; each key of a part is named once."""
    found: dict[KeyPath, str] = {}
    for environment in environments:
        for part in manifest.parts:
            for key, why in registry.target_of(part.kind).lacking(environment, part).items():
                found.setdefault((*key_path_of(part.name), key), why)
    yield from found.items()


def own_parts(states: Mapping[str, PartState], manifest: Manifest, repository: str) -> dict[str, PartState]:
    """The parts of an environment that are the repository's; those of others decide nothing about its releases."""
    return {name: state for name, state in states.items() if belongs(state, manifest.name, repository)}


def own_pins(environments: EnvironmentsTable, names: Iterable[str], manifest: Manifest) -> dict[str, dict[str, Pin]]:
    """The pins of the manifest's parts in these environments, by environment and part."""
    parts = {part.name for part in manifest.parts}
    return {name: {part: pin for part, pin in environments.pins(name).items() if part in parts} for name in names}


def changes_since(
    github: GitHub,
    release: Release,
    running: Mapping[str, Mapping[str, PartState]],
    pins: Mapping[str, Mapping[str, Pin]],
) -> dict[str, Change]:
    """The changes between each commit that runs somewhere, or that a pin names, and the release, by that commit."""
    bases = {state.running.commit for parts in running.values() for state in parts.values() if state.running}
    bases |= {pin.newer_than for parts in pins.values() for pin in parts.values()}
    found: dict[str, Change] = {}
    for base in sorted(bases - {""}):  # a version that was deployed by hand has no commit
        compared = github.compare(release.repository, base, release.commit)
        found[base] = Change(compared.status, compared.files)
    return found


def with_left_behind(made: Plan, running: Mapping[str, Mapping[str, PartState]]) -> Plan:
    """The plan, whose reasons name what runs on unwatched because its part moves to another resource."""

    def told(environment: Environment, part: PartPlan) -> PartPlan:
        state = running.get(environment.name, {}).get(part.part.name)
        before = state.definition if state and state.running else None
        if before is None or before.way != "call":  # a build may change anything
            return part
        old, new = (registry.target_of(one.kind).describe(environment, one) for one in (before, part.part))
        left = f"{part.reason}; {old} runs on, and nothing watches it any more: delete it once the release is good"
        return part if old == new else replace(part, reason=left)

    stages = (replace(one, parts=tuple(told(one.environment, part) for part in one.parts)) for one in made.stages)
    return replace(made, stages=tuple(stages))
