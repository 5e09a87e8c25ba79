"""Reading `delivery.yml`: every mistake is named with its line and column, all of them at once."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from functions.adapters.manifest_mistakes import mistakes
from functions.adapters.yaml_documents import YamlError, read_yaml
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
    """The manifest, or a ManifestError that lists every mistake as `delivery.yml:LINE:COLUMN: key: what`."""
    try:
        document = read_yaml(raw, MANIFEST)
        return _domain(DeliveryManifest.model_validate(document.value))
    except YamlError as error:
        raise ManifestError(str(error)) from error
    except ValidationError as error:
        raise ManifestError("; ".join(mistakes(error, document, DeliveryManifest.model_json_schema()))) from error


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
