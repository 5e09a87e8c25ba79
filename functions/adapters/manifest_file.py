"""Reading `delivery.yml`: every mistake is named with its line, all of them at once."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import yaml
from pydantic import ValidationError

from functions.adapters.manifest_schema import DeliveryManifest, Entry, schema
from functions.domain.errors import ManifestError
from functions.domain.manifests import MANIFEST, AfterDeploy, GateSettings, Health, Manifest, Part
from functions.gates import registry as gates_registry
from functions.gates.base import Section
from functions.targets import registry as targets_registry

_SIZE_LIMIT = 256 * 1024


def read_manifest(raw: bytes) -> Manifest:
    """The manifest, or a ManifestError that lists every mistake as `delivery.yml:LINE: what`."""
    if len(raw) > _SIZE_LIMIT:
        raise ManifestError(f"{MANIFEST}: {len(raw)} bytes, {_SIZE_LIMIT} allowed")
    try:
        node = yaml.compose(raw.decode("utf-8"), Loader=yaml.SafeLoader)
        value = yaml.safe_load(raw)
    except UnicodeDecodeError as error:
        raise ManifestError(f"{MANIFEST}: not UTF-8: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ManifestError(f"{MANIFEST}:{line}: {error.problem}") from error
    # The loader lets through what the constructors of dates and tags raise.
    except (yaml.YAMLError, RecursionError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(f"{MANIFEST}: not YAML: {error}") from error
    try:
        return _domain(schema().model_validate(value))
    except ValidationError as error:
        raise ManifestError("; ".join(_mistakes(error, node))) from error


def _mistakes(error: ValidationError, node: Any) -> Iterator[str]:
    for mistake in error.errors():
        where = [str(key) for key in mistake["loc"]]
        yield f"{MANIFEST}:{_line(node, mistake['loc'])}: {'.'.join(where) or 'the file'}: {mistake['msg']}"


def _line(node: Any, path: tuple[Any, ...]) -> int:
    """The line of the deepest part of the path that the file has; a discriminator's tag is no part of it."""
    line = node.start_mark.line if node else 0
    for key in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(key)), None)
            if found:
                line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line
    return int(line) + 1


def _domain(manifest: DeliveryManifest) -> Manifest:
    # Several repositories may deliver to one environment: a part is known by its repository's name and its own.
    parts = [_part(f"{manifest.name}/infrastructure", manifest.infrastructure)] if manifest.infrastructure else []
    parts += [_part(f"{manifest.name}/{name}", service) for name, service in manifest.services.items()]
    said = manifest.model_dump(include={"build", "gates"}, exclude_unset=True)
    build, gates = said["build"], said.get("gates", {})
    after = {
        name: AfterDeploy(tests["buildspec"], _settings({"afterDeploy": tests}))
        for name, tests in gates.get("afterDeploy", {}).items()
    }
    judged = _settings({"build": build, "gates": gates})
    return Manifest(manifest.name, build["buildspec"], parts, manifest.environments, judged, after)


def _settings(said: Mapping[Section, Mapping[str, Any]]) -> GateSettings:
    """What these groups of keys say to each gate; nothing of one that they do not mention."""
    found: GateSettings = {}
    for section, values in said.items():
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
