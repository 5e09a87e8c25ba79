"""A kind of target for tests: one class, and the two lines that a real kind adds elsewhere."""

from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Self, get_args

import pytest

from functions.adapters.manifest_types import AnyText
from functions.domain.comparisons import Versions, Whole
from functions.domain.environments import Environment, PartState, Version
from functions.domain.manifests import Kind, Part
from functions.domain.rollback import Step
from functions.domain.rollouts import Rollout
from functions.domain.values import Value
from functions.targets import registry
from functions.targets.base import CallTarget, Change, Packages, Statement
from tests.functions import stack as stack_of_tests

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


class Keys(Value, frozen=True):
    """The manifest keys of a parameter; a `slow` one is changed in steps, which the test takes."""

    parameter_name: AnyText
    file: str = "news.txt"
    slow: bool = False


class ParameterTarget(CallTarget):
    """A parameter of Systems Manager, whose value is a file of the artifact.

    The outcome of the rollout of a slow one is the value of a second parameter, `progress_of`.
    """

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
    def files(cls, part: Part) -> tuple[str, ...]:
        return (str(part.settings["file"]),)

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

    def apply(self, change: Change) -> Rollout:
        value = change.read(change.part.settings["file"]).decode()
        change.fence()
        version = self._put(change.environment, change.part, value)
        return Rollout("underway" if change.part.settings["slow"] else "done", version, handle="a-rollout")

    def progress(self, environment: Environment, part: Part, rollout: Rollout) -> Rollout:
        found = self._client.get_parameters(Names=[progress_of(_name(environment, part))])["Parameters"]
        outcome: Any = found[0]["Value"] if found else "underway"
        return Rollout(outcome, rollout.version, 50 if outcome == "paused" else 100, rollout.handle)

    def proceed(self, change: Change, rollout: Rollout) -> Rollout:
        change.fence()
        name = progress_of(_name(change.environment, change.part))
        self._client.put_parameter(Name=name, Value="done", Type="String", Overwrite=True)
        return self.progress(change.environment, change.part, rollout)

    def versions(self, environment: Environment, part: Part, rollout: Rollout) -> Versions | None:
        return None

    def whole(self, environment: Environment, part: Part) -> Whole | None:
        return None

    def restore(self, environment: Environment, step: Step) -> Rollout:
        self._put(environment, step.part, self._history(environment, step.part)[step.to.version])
        rollout = Rollout("done", step.to.version, handle="a-way-back")
        return self.progress(environment, step.part, rollout) if step.part.settings["slow"] else rollout

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


def progress_of(name: str) -> str:
    """The parameter with the outcome of a slow parameter's rollout; without it the rollout is under way."""
    return f"{name}/rollout"


def _name(environment: Environment, part: Part) -> str:
    return str(part.settings["parameterName"]).replace("{environment}", environment.name)


def slow_news() -> Part:
    """A part of this kind whose rollouts take time."""
    settings = {"parameterName": "/news/{environment}", "file": "news.txt", "slow": True}
    return Part("radio/news", ParameterTarget.kind, "call", settings=settings)


def progresses(stack: stack_of_tests.Stack, outcome: str) -> None:
    """Let the rollout of `slow_news` in production be that far."""
    name = progress_of("/news/production")
    stack.client("ssm").put_parameter(Name=name, Value=outcome, Type="String", Overwrite=True)


@pytest.fixture
def calls_of_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handlers were declared before the kind was registered, so their permissions lack its calls."""
    real = stack_of_tests.undeclared

    def undeclared(module: ModuleType, calls: list[stack_of_tests.Call]) -> None:
        real(module, [call for call in calls if not call.action.startswith("ssm:")])

    monkeypatch.setattr(stack_of_tests, "undeclared", undeclared)


@pytest.fixture
def parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers the kind `parameter`: its name and its case."""
    kinds, known = (*get_args(Kind), "parameter"), registry.target_of
    monkeypatch.setattr(registry, "KINDS", kinds)
    monkeypatch.setattr(registry, "target_of", lambda kind: ParameterTarget if kind == "parameter" else known(kind))
