"""The schema of `delivery.yml`, composed from the keys that targets and gates declare."""

from collections.abc import Sequence
from dataclasses import MISSING, Field, fields
from functools import cache, reduce
from operator import or_
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, create_model, model_validator
from pydantic import Field as Key

from functions.adapters.manifest_types import AnyText, RepositoryPath, Word
from functions.domain.manifests import Kind, Migration
from functions.gates import registry as gates
from functions.gates.base import Gate, Section
from functions.handler import camel
from functions.targets import registry as targets
from functions.targets.base import Target


class Closed(BaseModel):
    """A group of keys; unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _free(name: str) -> str:
    if name == "infrastructure":
        raise ValueError("is reserved for the infrastructure: choose another name")
    return name


_Name = Annotated[Word, AfterValidator(_free)]


class _Alarms(Closed):
    critical: list[str] = Key(default=[])
    warning: list[str] = Key(default=[])


class _Health(Closed):
    url: AnyText
    version_field: str = "version"


class Entry(Closed):
    """The keys of a part of any kind; the target of the kind adds its own."""

    kind: Kind
    paths: list[RepositoryPath] = Key(default=[])
    migration: Migration = "reversible"
    health: _Health | None = None
    alarms: _Alarms = _Alarms()


class DeliveryManifest(Closed):
    """The keys of the manifest that do not depend on gates and kinds of parts."""

    version: Literal[1]
    name: Word
    infrastructure: Entry | None = None
    services: dict[_Name, Entry] = Key(max_length=11)
    environments: list[Word] = Key(default=[])


def schema() -> type[DeliveryManifest]:
    """The schema with the keys of all registered targets and gates."""
    return _schema(tuple(targets.target_of(kind) for kind in targets.KINDS), gates.GATES)


@cache
def _schema(kinds: tuple[type[Target], ...], judges: tuple[Gate, ...]) -> type[DeliveryManifest]:
    entries = {target: _entry(target) for target in kinds}
    infrastructure = [entry for target, entry in entries.items() if target.infrastructure]

    def group(section: Section, **own: Any) -> type[Closed]:
        read = {key: kind for gate in judges for key, kind in gate.manifest(section).items()}
        return create_model(section, __base__=Closed, **own, **read)

    reports = [key for gate in judges for key in gate.manifest("afterDeploy")]

    def reported(tests: Closed) -> Closed:
        if all(getattr(tests, key) is None for key in reports):
            raise ValueError(f"names no report: add {', '.join(reports[:-1])} or {reports[-1]}")
        return tests

    judges_something: Any = model_validator(mode="after")(reported)
    after = group("afterDeploy", buildspec=(RepositoryPath, ...), __validators__={"judges_something": judges_something})
    judged = group("gates", afterDeploy=(dict[Word, after], {}))  # type: ignore[valid-type] # made here
    places: dict[str, Any] = {
        "infrastructure": (_one_of(infrastructure) | None, None),
        "services": (dict[_Name, _one_of([*entries.values()])], Key(max_length=11)),  # type: ignore[misc]
        "build": (group("build", buildspec=(RepositoryPath, ...)), ...),
        "gates": (judged, judged()),
    }
    return create_model("Manifest", __base__=DeliveryManifest, **places)


def _entry(target: type[Target]) -> type[Entry]:
    """The schema of a part of one kind: the keys of every part, and those of its target."""
    types = get_type_hints(target.keys, include_extras=True)
    own: dict[str, Any] = {one.name: (types[one.name], _key(one)) for one in fields(target.keys)}
    own["kind"] = (Literal[target.kind], ...)
    return create_model(target.__name__, __base__=Entry, **own)


def _key(field: Field[Any]) -> Any:
    """A dataclass field as a Pydantic field; `task_definition` is `taskDefinition` in the manifest."""
    name = camel(field.name)
    if field.default is not MISSING:
        return Key(field.default, alias=name)
    if field.default_factory is not MISSING:
        return Key(default_factory=field.default_factory, alias=name)
    return Key(alias=name)


def _one_of(entries: Sequence[type[Entry]]) -> Any:
    """A union of entries with the discriminator `kind`."""
    return Annotated[reduce(or_, entries), Key(discriminator="kind")] if len(entries) > 1 else entries[0]
