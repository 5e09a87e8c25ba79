"""The protocol of a target: everything that the platform has to know of one kind of part.

A part is changed in one of two ways. `build` runs a buildspec in the environment's deploy project; `call` is an answer
of `apply`. The workflows branch on the way only, and whatever depends on the kind is a method here.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.domain.environments import Environment, PartState, Version
from functions.domain.manifests import Kind, Part, Way
from functions.domain.releases import Release
from functions.domain.rollback import Step
from functions.handler import Allow, encode

if TYPE_CHECKING:
    from components.stack.environment_settings import EnvironmentSettings
    from components.stack.naming import Naming
    from functions.adapters.artifacts import Artifacts
    from functions.runtime import Clients


@dataclass(frozen=True, slots=True)
class Statement:
    """One IAM statement of a deploy role; `resources` are ARNs, `why` is demanded where one holds a wildcard."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What `apply` puts into an environment.

    `read` returns a file of the artifact that the gates judged, and raises SourceError without it. `fence` raises
    StaleLeaseError once another execution owns the environment: it is called before each change of what runs.
    """

    environment: Environment
    part: Part
    release: Release
    read: Callable[[str], bytes]
    fence: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Applied:
    """The change is complete, and this is the version that runs now."""

    version: str


class Target(ABC):
    """One kind of part. Instances reach an environment under its deploy role; what needs no AWS is asked of the class.

    `keys` is a dataclass of the manifest keys that only this kind has, typed with `functions.adapters.manifest_types`;
    keys of several words are camelCase in the manifest. `infrastructure` says whether a repository's `infrastructure`
    may be of this kind. SETTINGS, LOOK and CHANGE are an adapter's: handlers that use them declare them.
    """

    kind: ClassVar[Kind]
    way: ClassVar[Way]
    keys: ClassVar[type[Any]]
    infrastructure: ClassVar[bool] = False
    SETTINGS: ClassVar[tuple[str, ...]] = ()
    LOOK: ClassVar[tuple[Allow, ...]] = ()
    CHANGE: ClassVar[tuple[Allow, ...]] = ()

    @classmethod
    @abstractmethod
    def connect(cls, aws: "Clients") -> Self:
        """The target with the adapters it needs."""

    @classmethod
    def complete(cls, part: Part, keys: Any) -> Part:
        """The part with what the manifest's `keys` (an instance of `cls.keys`) say of it."""
        return replace(part, settings=encode(keys))

    @classmethod
    @abstractmethod
    def describe(cls, environment: Environment, part: Part) -> str:
        """What a change of the part touches there, in one line for people; never raises."""

    @classmethod
    @abstractmethod
    def deploy_permissions(cls, settings: "EnvironmentSettings", naming: "Naming") -> tuple[Statement, ...]:
        """What the environment's deploy role may do for parts of this kind."""

    @abstractmethod
    def current(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """The version that runs before a change; None when nothing does. `state` is what the record says."""

    @abstractmethod
    def read_back(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """The version that runs after a rollback; None when that is not known."""

    @abstractmethod
    def lost(self, environment: Environment, part: Part, to: Version, artifacts: "Artifacts") -> str:
        """What a rollback to this version would miss; empty when everything is there."""

    @abstractmethod
    def outputs(self, artifacts: "Artifacts", key: str) -> dict[str, str]:
        """What the part puts out for the parts after it; `key` is where a build leaves its artifact."""


class CallTarget(Target):
    """A kind that is changed by calls of AWS's API; both methods may be repeated and end the same."""

    way = "call"

    @abstractmethod
    def apply(self, change: Change) -> Applied:
        """Put the release's version in the place of what runs."""

    @abstractmethod
    def restore(self, environment: Environment, step: Step) -> None:
        """Put an earlier version back in its place."""


class BuildTarget(Target):
    """A kind that is changed by a buildspec; nothing but the record knows which version runs."""

    way = "build"

    def outputs(self, artifacts: "Artifacts", key: str) -> dict[str, str]:
        """The `outputs.json` of the build's artifact."""
        return artifacts.outputs(key)
