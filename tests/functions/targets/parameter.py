"""A kind of target for tests: one class, and the two lines that a real kind adds elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, get_args

import dacite
import pytest

from functions.adapters.manifest_types import AnyText
from functions.domain.environments import Environment, PartState, Version
from functions.domain.manifests import Kind, Part
from functions.domain.rollback import Step
from functions.targets import registry
from functions.targets.base import Applied, CallTarget, Change, Packages, Statement

if TYPE_CHECKING:
    from components.stack.environment_settings import EnvironmentSettings
    from components.stack.naming import Naming
    from functions.adapters.artifacts import Artifacts
    from functions.runtime import Clients

MANIFEST = """version: 1
name: radio
build: {buildspec: b.yml, junit: [j.xml], cobertura: c.xml}
services:
  news: {kind: parameter, parameterName: "/news/{environment}"}
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """The manifest keys of a parameter."""

    parameter_name: AnyText
    file: str = "news.txt"


class ParameterTarget(CallTarget):
    """A parameter of Systems Manager, whose value is a file of the artifact."""

    kind: ClassVar[Any] = "parameter"
    keys = Keys

    def __init__(self, aws: "Clients") -> None:
        self._client = aws.client("ssm")

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        return cls(aws)

    @classmethod
    def describe(cls, environment: Environment, part: Part) -> str:
        return f"parameter {_name(environment, part)}"

    @classmethod
    def names(cls, environment: Environment, part: Part) -> dict[str, str]:
        return {"parameter": _name(environment, part)}

    @classmethod
    def deploy_permissions(
        cls, settings: "EnvironmentSettings", naming: "Naming", packages: Packages
    ) -> tuple[Statement, ...]:
        return (Statement(("ssm:PutParameter",), (naming.arn("ssm", f"parameter/news/{settings.name}"),)),)

    @classmethod
    def read_permissions(cls, settings: "EnvironmentSettings", naming: "Naming") -> tuple[Statement, ...]:
        actions = ("ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters")
        return (Statement(actions, (naming.arn("ssm", f"parameter/news/{settings.name}"),)),)

    def current(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        name = _name(environment, part)
        found = self._client.get_parameters(Names=[name])["Parameters"]
        return str(found[0]["Version"]) if found else None

    def read_back(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        value = self._client.get_parameter(Name=_name(environment, part))["Parameter"]["Value"]
        versions = self._history(environment, part)
        return min(number for number, text in versions.items() if text == value)

    def apply(self, change: Change) -> Applied:
        value = change.read(change.part.settings["file"]).decode()
        change.fence()
        return Applied(self._put(change.environment, change.part, value))

    def restore(self, environment: Environment, step: Step) -> None:
        self._put(environment, step.part, self._history(environment, step.part)[step.to.version])

    def lost(self, environment: Environment, part: Part, to: Version, artifacts: "Artifacts") -> str:
        return "" if to.version in self._history(environment, part) else f"version {to.version} is gone"

    def outputs(self, artifacts: "Artifacts", key: str, digest: str) -> dict[str, str]:
        return {"channel": "news"}

    def _put(self, environment: Environment, part: Part, value: str) -> str:
        name = _name(environment, part)
        return str(self._client.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)["Version"])

    def _history(self, environment: Environment, part: Part) -> dict[str, str]:
        pages = self._client.get_paginator("get_parameter_history").paginate(Name=_name(environment, part))
        return {str(one["Version"]): one["Value"] for page in pages for one in page["Parameters"]}


def _name(environment: Environment, part: Part) -> str:
    return str(part.settings["parameterName"]).replace("{environment}", environment.name)


@pytest.fixture
def parameter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Registers the kind `parameter`: its name and its case."""
    kinds, known = (*get_args(Kind), "parameter"), registry.target_of
    monkeypatch.setitem(Part.__annotations__, "kind", Literal[kinds])
    dacite.clear_cache()
    monkeypatch.setattr(registry, "KINDS", kinds)
    monkeypatch.setattr(registry, "target_of", lambda kind: ParameterTarget if kind == "parameter" else known(kind))
    yield
    monkeypatch.undo()
    dacite.clear_cache()
