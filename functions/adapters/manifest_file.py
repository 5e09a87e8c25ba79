"""Reading `delivery.yml`: every mistake is named with its line, all of them at once."""

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field, fields
from functools import cache, reduce
from operator import or_
from typing import Annotated, Any, Literal, get_type_hints

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError, create_model
from pydantic import Field as Key

from functions.domain.errors import ManifestError
from functions.domain.manifests import MANIFEST, AfterDeploy, Build, Health, Kind, Manifest, Migration, Part, Scans
from functions.handler import camel
from functions.targets import registry
from functions.targets.base import Target
from functions.targets.texts import AnyText, RepositoryPath

# A part's name is a key in tables and a word in execution names.
_Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


def _free(name: str) -> str:
    if name == "infrastructure":
        raise ValueError("is the name of the infrastructure itself: choose another")
    return name


_Name = Annotated[_Word, AfterValidator(_free)]
_SIZE_LIMIT = 256 * 1024


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Build(_Closed):
    buildspec: RepositoryPath
    junit: list[RepositoryPath] = Key(min_length=1)
    cobertura: RepositoryPath


class _Alarms(_Closed):
    critical: list[str] = []
    warning: list[str] = []


class _Health(_Closed):
    url: AnyText
    version_field: str = "version"


class _Entry(_Closed):
    """What the entry of a part of any kind says; its target adds the keys of the kind."""

    kind: Kind
    paths: list[RepositoryPath] = []
    migration: Migration = "reversible"
    health: _Health | None = None
    alarms: _Alarms = _Alarms()


class _AfterDeploy(_Closed):
    buildspec: RepositoryPath
    junit: list[RepositoryPath] = Key(min_length=1)
    performance: RepositoryPath | None = None


class _Gates(_Closed):
    sarif: list[RepositoryPath] = []
    pip_audit: list[RepositoryPath] = Key([], alias="pipAudit")
    npm_audit: list[RepositoryPath] = Key([], alias="npmAudit")
    allow_list: RepositoryPath | None = Key(None, alias="allowList")
    after_deploy: dict[_Word, _AfterDeploy] = Key({}, alias="afterDeploy")


class DeliveryManifest(_Closed):
    """What a repository that is delivered says of itself, whatever kinds of parts there are."""

    version: Literal[1]
    name: _Word
    build: _Build
    infrastructure: _Entry | None = None
    services: dict[_Name, _Entry] = Key(max_length=11)
    environments: list[_Word] = []
    gates: _Gates = Key(default_factory=lambda: _Gates.model_validate({}))


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
        return _domain(_manifest(tuple(registry.target_of(kind) for kind in registry.KINDS)).model_validate(value))
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
    build = Build(manifest.build.buildspec, manifest.build.junit, manifest.build.cobertura)
    gates = manifest.gates
    scans = Scans(tuple(gates.sarif), tuple(gates.pip_audit), tuple(gates.npm_audit), gates.allow_list or "")
    after = {
        name: AfterDeploy(one.buildspec, tuple(one.junit), one.performance or "")
        for name, one in gates.after_deploy.items()
    }
    return Manifest(manifest.name, build, parts, manifest.environments, scans, after)


def _part(name: str, entry: _Entry) -> Part:
    target = registry.target_of(entry.kind)
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


@cache
def _manifest(targets: tuple[type[Target], ...]) -> type[DeliveryManifest]:
    """The manifest with the entries of these targets."""
    entries = {target: _entry(target) for target in targets}
    infrastructure = [entry for target, entry in entries.items() if target.infrastructure]
    places: dict[str, Any] = {
        "infrastructure": (_one_of(infrastructure) | None, None),
        "services": (dict[_Name, _one_of([*entries.values()])], Key(max_length=11)),  # type: ignore[misc]
    }
    return create_model("DeliveryManifest", __base__=DeliveryManifest, **places)


def _entry(target: type[Target]) -> type[_Entry]:
    """The entry of one kind: what every part says, and the target's own keys."""
    types = get_type_hints(target.keys, include_extras=True)
    own: dict[str, Any] = {one.name: (types[one.name], _key(one)) for one in fields(target.keys)}
    own["kind"] = (Literal[target.kind], ...)
    return create_model(target.__name__, __base__=_Entry, **own)


def _key(field: Field[Any]) -> Any:
    """A field of a dataclass as Pydantic knows it: `task_definition` is `taskDefinition` in the manifest."""
    name = camel(field.name)
    if field.default is not MISSING:
        return Key(field.default, alias=name)
    if field.default_factory is not MISSING:
        return Key(default_factory=field.default_factory, alias=name)
    return Key(alias=name)


def _one_of(entries: Sequence[type[_Entry]]) -> Any:
    """One of several entries, told apart by `kind`."""
    return Annotated[reduce(or_, entries), Key(discriminator="kind")] if len(entries) > 1 else entries[0]
