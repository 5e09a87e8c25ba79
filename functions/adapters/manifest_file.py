"""Reading `delivery.yml`: every mistake is named with its line, all of them at once."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from functions.domain.errors import ManifestError
from functions.domain.manifests import MANIFEST, AfterDeploy, Build, Health, Manifest, Migration, Part, Scans

# A part's name is a key in tables and a word in execution names.
_Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("must be a path inside the repository: no leading / and no ..")
    return path


def _free(name: str) -> str:
    if name == "infrastructure":
        raise ValueError("is the name of the infrastructure itself: choose another")
    return name


_Path = Annotated[str, StringConstraints(pattern=r"^[\w./*-]+$"), AfterValidator(_inside)]
# A preview is about one environment: `{environment}` stands for its name.
_Preview = Annotated[str, StringConstraints(pattern=r"^([\w./-]|\{environment\})+$"), AfterValidator(_inside)]
_SIZE_LIMIT = 256 * 1024


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Build(_Closed):
    buildspec: _Path
    junit: list[_Path] = Field(min_length=1)
    cobertura: _Path


class _Alarms(_Closed):
    critical: list[str] = []
    warning: list[str] = []


class _Health(_Closed):
    url: str = Field(min_length=1)
    version_field: str = "version"


class _Command(_Closed):
    kind: Literal["command"]
    buildspec: _Path
    paths: list[_Path] = []
    preview: _Preview = ""
    migration: Migration = "reversible"
    health: _Health | None = None
    alarms: _Alarms = _Alarms()


class _Lambda(_Closed):
    kind: Literal["lambda"]
    function: str = Field(min_length=1)
    alias: str = "live"
    artifact: _Path
    paths: list[_Path] = []
    migration: Migration = "reversible"
    health: _Health | None = None
    alarms: _Alarms = _Alarms()


_Service = Annotated[_Lambda | _Command, Field(discriminator="kind")]


class _AfterDeploy(_Closed):
    buildspec: _Path
    junit: list[_Path] = Field(min_length=1)
    performance: _Path | None = None


class _Gates(_Closed):
    sarif: list[_Path] = []
    pip_audit: list[_Path] = Field([], alias="pipAudit")
    npm_audit: list[_Path] = Field([], alias="npmAudit")
    allow_list: _Path | None = Field(None, alias="allowList")
    after_deploy: dict[_Word, _AfterDeploy] = Field({}, alias="afterDeploy")


class DeliveryManifest(_Closed):
    """What a repository that is delivered says of itself."""

    version: Literal[1]
    name: _Word
    build: _Build
    infrastructure: _Command | None = None
    services: dict[Annotated[_Word, AfterValidator(_free)], _Service] = Field(max_length=11)
    environments: list[_Word] = []
    gates: _Gates = Field(default_factory=lambda: _Gates.model_validate({}))


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
        return _domain(DeliveryManifest.model_validate(value))
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


def _part(name: str, part: _Lambda | _Command) -> Part:
    health = Health(part.health.url, part.health.version_field) if part.health else None
    common = {"paths": part.paths, "health": health, "migration": part.migration}
    alarms = {"critical_alarms": part.alarms.critical, "warning_alarms": part.alarms.warning}
    if isinstance(part, _Command):
        return Part(name, "command", buildspec=part.buildspec, preview=part.preview, **common, **alarms)  # type: ignore[arg-type]
    place = {"function": part.function, "alias": part.alias, "artifact": part.artifact}
    return Part(name, "lambda", **place, **common, **alarms)  # type: ignore[arg-type]
