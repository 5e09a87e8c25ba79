"""The schema of `delivery.yml`, composed from the keys that targets and gates declare."""

from collections.abc import Sequence
from functools import cache, reduce
from inspect import getdoc
from operator import or_
from typing import Annotated, Any, Literal, get_type_hints

from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, fields
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, create_model, model_validator
from pydantic import Field as Key

from functions.adapters.manifest_types import AnyText, CommittedFile, Meaning, Paths, Word
from functions.domain.manifests import Kind, Migration
from functions.gates import registry as gates
from functions.gates.base import Gate, Section
from functions.targets import registry as targets
from functions.targets.base import Target


class Closed(BaseModel):
    """A group of keys; unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _free(name: str) -> str:
    if name == "infrastructure":
        raise ValueError("is reserved for the infrastructure: choose another name")
    return name


def _number(value: object) -> object:
    """In Python, True equals 1, and so Pydantic takes it for that."""
    if isinstance(value, bool):
        raise ValueError("is a truth value: write 1")  # noqa: TRY004 - what Pydantic reports as a mistake
    return value


_Name = Annotated[Word, AfterValidator(_free)]


class _Alarms(Closed):
    critical: Annotated[list[str], Meaning("Alarms that cause a rollback.", ["hello-{environment}-errors"])] = Key(
        default=[]
    )
    warning: Annotated[list[str], Meaning("Alarms that cause a review.", ["hello-{environment}-latency"])] = Key(
        default=[]
    )


class _Health(Closed):
    url: Annotated[AnyText, Meaning("The address of the probes, with placeholders.", "{url}/health")]
    version_field: Annotated[str, Meaning("The field of the JSON response that has the running commit.")] = "version"


class Entry(Closed):
    """The keys of a part of any kind; the target of the kind adds its own."""

    kind: Kind
    paths: Annotated[
        Paths,
        Meaning("The files that concern it, as in .gitignore; without any, all files.", ["/src/", "*.toml"]),
    ] = Key(default=[])
    migration: Annotated[
        Migration, Meaning("Whether a rollback restores the data, too; after an irreversible one, a person is asked.")
    ] = "reversible"
    health: Annotated[_Health | None, Meaning("How a probe reads whether it answers well, and which commit runs.")] = (
        None
    )
    alarms: Annotated[_Alarms, Meaning("CloudWatch alarms by name, with placeholders.")] = _Alarms()


class DeliveryManifest(Closed):
    """The keys of the manifest that do not depend on gates and kinds of parts."""

    version: Annotated[Literal[1], BeforeValidator(_number), Meaning("The version of this format.")]
    name: Annotated[Word, Meaning("The first half of the names of all parts.", "hello-service")]
    infrastructure: Entry | None = None
    services: dict[_Name, Entry] = Key(max_length=11)
    environments: Annotated[
        list[Word], Meaning("The environments that releases enter; without any, all of the stack.", ["test"])
    ] = Key(default=[])


_INFRASTRUCTURE = Meaning("What is applied before the services.")
_SERVICES = Meaning("What is applied, in this order, by name.")
_BUILD = Meaning("The build of a release, and its reports.")
_BUILDSPEC = Annotated[CommittedFile, Meaning("The buildspec in the repository.", "delivery/build.yml")]
_GATES = Meaning("The reports that a release is judged by, beside those of the build.")
_AFTER = Meaning("The tests in an environment after a deployment, by the environment's name.")


def _one_report(published: dict[str, Any]) -> None:
    """Demand one of the keys besides the buildspec, in the published schema."""
    published["anyOf"] = [{"required": [key]} for key in published["properties"] if key != "buildspec"]


class _EnvironmentTests(Closed):
    """The tests in an environment; each gate adds the key of its report, and one of them is required."""

    model_config = ConfigDict(json_schema_extra=_one_report)

    buildspec: _BUILDSPEC

    @model_validator(mode="after")
    def _reported(self) -> "_EnvironmentTests":
        reports = [key for key in type(self).model_fields if key != "buildspec"]
        if all(getattr(self, key) is None for key in reports):
            raise ValueError(f"names no report: add {', '.join(reports[:-1])} or {reports[-1]}")
        return self


def schema() -> type[DeliveryManifest]:
    """The schema with the keys of all registered targets and gates."""
    return _schema(tuple(targets.target_of(kind) for kind in targets.KINDS), gates.GATES)


@cache
def _schema(kinds: tuple[type[Target], ...], judges: tuple[Gate, ...]) -> type[DeliveryManifest]:
    entries = {target: _entry(target) for target in kinds}
    infrastructure = [entry for target, entry in entries.items() if target.infrastructure]

    def group(section: Section, base: type[Closed] = Closed, **own: Any) -> type[Closed]:
        read = {key: kind for gate in judges for key, kind in gate.manifest(section).items()}
        return create_model(section, __base__=base, **own, **read)

    after = group("afterDeploy", _EnvironmentTests)
    judged = group("gates", afterDeploy=(Annotated[dict[Word, after], _AFTER], {}))  # type: ignore[valid-type]
    places: dict[str, Any] = {
        "infrastructure": (Annotated[_one_of(infrastructure) | None, _INFRASTRUCTURE], None),
        "services": (Annotated[dict[_Name, _one_of([*entries.values()])], _SERVICES], Key(max_length=11)),  # type: ignore[misc]
        "build": (Annotated[group("build", buildspec=(_BUILDSPEC, ...)), _BUILD], ...),
        "gates": (Annotated[judged, _GATES], judged()),
    }
    return create_model("Manifest", __base__=DeliveryManifest, **places)


def _entry(target: type[Target]) -> type[Entry]:
    """The schema of a part of one kind: the keys of every part, and those of its target."""
    types = get_type_hints(target.keys, include_extras=True)
    own: dict[str, Any] = {one.name: (types[one.name], _key(one)) for one in fields(target.keys)}
    own["kind"] = (Annotated[Literal[target.kind], Meaning(" ".join((getdoc(target.keys) or "").split()))], ...)
    return create_model(target.__name__, __base__=Entry, **own)


def _key(field: FieldInfo) -> Any:
    """A field of a target's keys as a Pydantic field; `task_definition` is `taskDefinition` in the manifest."""
    name = field.encode_name
    if field.default is not NODEFAULT:
        return Key(field.default, alias=name)
    if field.default_factory is not NODEFAULT:
        return Key(default_factory=field.default_factory, alias=name)
    return Key(alias=name)


def _one_of(entries: Sequence[type[Entry]]) -> Any:
    """A union of entries with the discriminator `kind`."""
    return Annotated[reduce(or_, entries), Key(discriminator="kind")] if len(entries) > 1 else entries[0]
