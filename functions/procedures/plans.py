"""What every plan is made of: the checked manifest, the repository's own parts, and the changes since what runs."""

from collections.abc import Iterable, Iterator, Mapping

from functions.adapters.github.client import GitHub
from functions.adapters.manifest_file import read_manifest
from functions.domain.demands import skipped
from functions.domain.environments import Environment, PartState, belongs
from functions.domain.manifests import Manifest
from functions.domain.owners import Claim, Place, place_of, refusals
from functions.domain.plans import Change
from functions.domain.releases import Release
from functions.targets import registry


def checked_manifest(raw: bytes, claim: Claim, environments: tuple[Environment, ...]) -> Manifest:
    """The manifest; one that names what its repository may not deliver, or skips, is a ManifestError, with the lines.

    `environments` are those that releases of the repository may enter.
    """

    def refused(manifest: Manifest) -> Iterable[tuple[Place, str]]:
        walked = [one for one in environments if not manifest.environments or one.name in manifest.environments]
        names = {
            one.name: {part.name: registry.target_of(part.kind).names(one, part) for part in manifest.parts}
            for one in (walked if claim.targets is not None else ())
        }
        return (*refusals(manifest, claim, names), *_lacking(manifest, walked), *skipped(manifest, environments))

    return read_manifest(raw, refused)


def _lacking(manifest: Manifest, environments: Iterable[Environment]) -> Iterator[tuple[Place, str]]:
    """Why parts can't be deployed to these environments; each key of a part is named once."""
    found: dict[Place, str] = {}
    for environment in environments:
        for part in manifest.parts:
            for key, why in registry.target_of(part.kind).lacking(environment, part).items():
                found.setdefault((*place_of(part.name), key), why)
    yield from found.items()


def own_parts(states: Mapping[str, PartState], manifest: Manifest, repository: str) -> dict[str, PartState]:
    """The parts of an environment that are the repository's; those of others decide nothing about its releases."""
    return {name: state for name, state in states.items() if belongs(state, manifest.name, repository)}


def changes_since(
    github: GitHub, release: Release, running: Mapping[str, Mapping[str, PartState]]
) -> dict[str, Change]:
    """The changes between each commit that runs somewhere and the release, by that commit."""
    bases = {state.running.commit for parts in running.values() for state in parts.values() if state.running}
    found: dict[str, Change] = {}
    for base in sorted(bases - {""}):  # a version that was deployed by hand has no commit
        compared = github.compare(release.repository, base, release.commit)
        found[base] = Change(compared.status, compared.files)
    return found
