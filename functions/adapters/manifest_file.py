"""Reads `delivery.yml`; all mistakes are reported together, each with line and column."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from msgspec.structs import fields
from pydantic import ValidationError

from functions.adapters.manifest_mistakes import mistakes
from functions.adapters.manifest_schema import DeliveryManifest, Entry, schema
from functions.adapters.yaml_documents import YamlError, read_yaml
from functions.domain.errors import ManifestError
from functions.domain.manifests import MANIFEST, AfterDeploy, GateSettings, Health, Manifest, Part
from functions.domain.owners import KeyPath
from functions.gates import registry as gates_registry
from functions.gates.base import Section
from functions.targets import registry as targets_registry
from functions.targets.base import MistakenKeyError

Refusals = Callable[[Manifest], Iterable[tuple[KeyPath, str]]]


def read_manifest(raw: bytes, refused: Refusals = lambda _: (), committed: Collection[str] | None = None) -> Manifest:
    """The manifest, or a ManifestError that lists every mistake as `delivery.yml:LINE:COLUMN: key: mistake`.

    `refused` finds what a manifest without mistakes may not name, each with its place. With `committed`, the paths of
    all files of the repository, files and patterns that fit none of them are mistakes.
    """
    wanted = schema()
    try:
        document = read_yaml(raw, MANIFEST)
        manifest, misfits = _domain(wanted.model_validate(document.value, context=committed))
    except YamlError as error:
        raise ManifestError(str(error)) from error
    except ValidationError as error:
        raise ManifestError(*mistakes(error, document, wanted.model_json_schema())) from error
    wrong = misfits or refused(manifest)
    found = [f"{document.at(place)}: {'.'.join(map(str, place))}: {text}" for place, text in wrong]
    if found:
        raise ManifestError(*found)
    return manifest


def _domain(manifest: DeliveryManifest) -> tuple[Manifest, list[tuple[KeyPath, str]]]:
    """The manifest, and what in it does not fit together, with the places."""
    # Several repositories may deliver to one environment, so the name of a part begins with the manifest's name.
    entries: dict[KeyPath, Entry] = {("infrastructure",): manifest.infrastructure} if manifest.infrastructure else {}
    entries |= {("services", name): service for name, service in manifest.services.items()}
    parts: list[Part] = []
    misfits: list[tuple[KeyPath, str]] = []
    for place, entry in entries.items():
        try:
            parts.append(_part(f"{manifest.name}/{place[-1]}", entry))
        except MistakenKeyError as error:
            misfits.append(((*place, error.key), str(error)))
    given = manifest.model_dump(include={"build", "gates"}, exclude_unset=True)
    build, gates = given["build"], given.get("gates", {})
    after = {
        name: AfterDeploy(tests["buildspec"], _settings({"afterDeploy": tests}))
        for name, tests in gates.get("afterDeploy", {}).items()
    }
    judged = _settings({"build": build, "gates": gates})
    return Manifest(manifest.name, build["buildspec"], parts, manifest.environments, judged, after), misfits


def _settings(sections: Mapping[Section, Mapping[str, Any]]) -> GateSettings:
    """The settings of each gate in these sections of the manifest; gates that they do not mention are left out."""
    found: GateSettings = {}
    for section, values in sections.items():
        for gate in gates_registry.GATES:
            mentioned = {key: values[key] for key in gate.manifest(section) if values.get(key) is not None}
            if mentioned:
                found.setdefault(gate.name, {}).update(mentioned)
    return found


def _part(name: str, entry: Entry) -> Part:
    target = targets_registry.target_of(entry.kind)
    part = Part(
        name,
        target.kind,
        target.way,
        entry.paths,
        health=Health(entry.health.url, entry.health.version_field) if entry.health else None,
        critical_alarms=entry.alarms.critical,
        warning_alarms=entry.alarms.warning,
        migration=entry.migration,
    )
    return target.complete(part, target.keys(**{one.name: getattr(entry, one.name) for one in fields(target.keys)}))
