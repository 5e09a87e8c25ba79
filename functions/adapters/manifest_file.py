"""Reading `delivery.yml`: every mistake is named with its line, all of them at once."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, StringConstraints, ValidationError, create_model

from functions.adapters.manifest_types import Closed, Path, Word, inside
from functions.domain.errors import ManifestError
from functions.domain.manifests import MANIFEST, AfterDeploy, GateSettings, Health, Manifest, Migration, Part
from functions.gates import registry
from functions.gates.base import Gate, Section


def _free(name: str) -> str:
    if name == "infrastructure":
        raise ValueError("is the name of the infrastructure itself: choose another")
    return name


# A preview is about one environment: `{environment}` stands for its name.
_Preview = Annotated[str, StringConstraints(pattern=r"^([\w./-]|\{environment\})+$"), AfterValidator(inside)]
_SIZE_LIMIT = 256 * 1024


class _Alarms(Closed):
    critical: list[str] = Field(default=[])
    warning: list[str] = Field(default=[])


class _Health(Closed):
    url: str = Field(min_length=1)
    version_field: str = "version"


class _Command(Closed):
    kind: Literal["command"]
    buildspec: Path
    paths: list[Path] = Field(default=[])
    preview: _Preview = ""
    migration: Migration = "reversible"
    health: _Health | None = None
    alarms: _Alarms = _Alarms()


class _Lambda(Closed):
    kind: Literal["lambda"]
    function: str = Field(min_length=1)
    alias: str = "live"
    artifact: Path
    paths: list[Path] = Field(default=[])
    migration: Migration = "reversible"
    health: _Health | None = None
    alarms: _Alarms = _Alarms()


_Service = Annotated[_Lambda | _Command, Field(discriminator="kind")]


class DeliveryManifest(Closed):
    """What a repository that is delivered says of itself."""

    version: Literal[1]
    name: Word
    infrastructure: _Command | None = None
    services: dict[Annotated[Word, AfterValidator(_free)], _Service] = Field(max_length=11)
    environments: list[Word] = Field(default=[])


@cache
def _schema(gates: tuple[Gate, ...]) -> type[DeliveryManifest]:
    """The manifest with the keys that these gates read, in the groups `build`, `gates` and `gates.afterDeploy`."""

    def group(section: Section, **own: Any) -> type[Closed]:
        read = {key: kind for gate in gates for key, kind in gate.manifest(section).items()}
        return create_model(section, __base__=Closed, **own, **read)

    after = group("afterDeploy", buildspec=(Path, ...))
    judged = group("gates", afterDeploy=(dict[Word, after], {}))  # type: ignore[valid-type] # made here
    build = group("build", buildspec=(Path, ...))
    return create_model("Manifest", __base__=DeliveryManifest, build=(build, ...), gates=(judged, judged()))


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
        return _domain(_schema(registry.GATES).model_validate(value))
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
        for gate in registry.GATES:
            mentioned = {key: values[key] for key in gate.manifest(section) if values.get(key) is not None}
            if mentioned:
                found.setdefault(gate.name, {}).update(mentioned)
    return found


def _part(name: str, part: _Lambda | _Command) -> Part:
    health = Health(part.health.url, part.health.version_field) if part.health else None
    common = {"paths": part.paths, "health": health, "migration": part.migration}
    alarms = {"critical_alarms": part.alarms.critical, "warning_alarms": part.alarms.warning}
    if isinstance(part, _Command):
        return Part(name, "command", buildspec=part.buildspec, preview=part.preview, **common, **alarms)  # type: ignore[arg-type]
    place = {"function": part.function, "alias": part.alias, "artifact": part.artifact}
    return Part(name, "lambda", **place, **common, **alarms)  # type: ignore[arg-type]
