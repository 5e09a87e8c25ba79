"""The interface of a target: everything that depends on the kind of a part.

A part is changed in one of two ways: `build` runs a buildspec in the environment's deploy project, `call` calls
`apply`. The workflows choose by the way only. A change by calls may take several steps: see `Rollout`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from functions.adapters.delivered_functions import Keep
from functions.domain.environments import Environment, PartState, Version
from functions.domain.manifests import Kind, Part, Way
from functions.domain.releases import Release
from functions.domain.rollback import Step
from functions.handler import Allow, encode

if TYPE_CHECKING:
    import pulumi

    from components.stack.environment_settings import EnvironmentSettings
    from components.stack.naming import Naming
    from functions.adapters.artifacts import Artifacts
    from functions.runtime import Clients


@dataclass(frozen=True, slots=True)
class Statement:
    """One IAM statement of a deploy or read role; `resources` are ARNs, `why` is required if one has a wildcard.

    `condition` is that of the statement: by operator and key.
    """

    actions: tuple[str, ...]
    resources: tuple["pulumi.Input[str]", ...]
    why: str = ""
    condition: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Packages:
    """The stored packages that deploy roles may read: the ARNs of the objects (with a wildcard) and of their key."""

    objects: "pulumi.Input[str]"
    key: "pulumi.Input[str]"


@dataclass(frozen=True, slots=True)
class Change:
    """The input of `apply` and `proceed`.

    `read` returns a file of the artifact that the gates judged. It raises SourceError if the file is missing, and
    ProvenanceError if the signed statement does not have it (`Target.files`) or has another digest. `fence` raises
    StaleLeaseError if another execution owns the environment; it must be called before each change of what runs.
    `keep` stores a file in the artifacts bucket, for a target that AWS lets read it there.
    """

    environment: Environment
    part: Part
    release: Release
    read: Callable[[str], bytes]
    fence: Callable[[], None]
    keep: Keep


RolloutOutcome = Literal["done", "paused", "underway", "failed"]


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far the change of a part is.

    - `done`: all requests meet `version`.
    - `paused`: `percent` of the requests meet it, and `proceed` is awaited.
    - `underway`: AWS changes something by itself; `progress` says how far it is.
    - `failed`: AWS, or somebody else, ended the rollout (`reason`); what runs is what ran before, or a mixture, and a
      rollback is due.

    `handle` is AWS's name of the rollout, such as the ARN of a service deployment, "" if it has none.
    """

    outcome: RolloutOutcome
    version: str
    percent: float = 100
    handle: str = ""
    reason: str = ""


class MistakenKeyError(ValueError):
    """The value of a manifest key does not fit the other keys of its part; the text says why, and the next step."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


class Target(ABC):
    """One kind of part. `apply` and `restore` use the environment's deploy role, other methods its read role.

    Class methods need no AWS.

    `keys` is a dataclass of the manifest keys that only this kind has, typed with
    `functions.adapters.manifest_types`; keys of several words are camelCase in the manifest. Its docstring says
    what the kind is, for editors. `infrastructure` says whether a repository's `infrastructure` may be of this
    kind. SETTINGS, READ (to read) and CHANGE (to `apply` and `restore`) are what handlers declare that use the
    kind.
    """

    kind: ClassVar[Kind]
    way: ClassVar[Way]
    keys: ClassVar[type[Any]]
    infrastructure: ClassVar[bool] = False
    SETTINGS: ClassVar[tuple[str, ...]] = ()
    READ: ClassVar[tuple[Allow, ...]] = ()
    CHANGE: ClassVar[tuple[Allow, ...]] = ()

    @classmethod
    @abstractmethod
    def connect(cls, aws: "Clients") -> Self:
        """The target with the adapters it needs."""

    @classmethod
    def complete(cls, part: Part, keys: Any) -> Part:
        """The part with the values of the manifest's `keys`, an instance of `cls.keys`, or a MistakenKeyError."""
        return replace(part, settings=encode(keys))

    @classmethod
    @abstractmethod
    def describe(cls, environment: Environment, part: Part) -> str:
        """The resource that a change of the part affects, in one line for people; never raises."""

    @classmethod
    @abstractmethod
    def names(cls, environment: Environment, part: Part) -> dict[str, str]:
        """What a change of the part affects by name, by the manifest's key that has the name.

        An unknown placeholder is a ManifestError. What a build changes is bounded by its role, not by names.
        """

    @classmethod
    def files(cls, part: Part) -> tuple[str, ...]:
        """The files of the build's artifact that `apply` and `proceed` read; `Change.read` refuses others."""
        return ()

    @classmethod
    @abstractmethod
    def deploy_permissions(
        cls, settings: "EnvironmentSettings", naming: "Naming", packages: Packages
    ) -> tuple[Statement, ...]:
        """The permissions of the environment's deploy role for parts of this kind: those of `apply` and `restore`."""

    @classmethod
    @abstractmethod
    def read_permissions(cls, settings: "EnvironmentSettings", naming: "Naming") -> tuple[Statement, ...]:
        """The permissions of the environment's read role for parts of this kind; none of them changes anything."""

    @abstractmethod
    def current(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """The version that runs before a change, None if nothing runs; `state` is the recorded one."""

    @abstractmethod
    def read_back(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """The version that runs after a rollback, None if it is not known."""

    @abstractmethod
    def lost(self, environment: Environment, part: Part, to: Version, artifacts: "Artifacts") -> str:
        """The reason why a rollback to this version is impossible; "" if nothing is missing."""

    @abstractmethod
    def outputs(self, artifacts: "Artifacts", key: str, digest: str) -> dict[str, str]:
        """The outputs of the part for the parts after it; `key` and `digest` are those of the build's artifact."""


class CallTarget(Target):
    """A kind that is changed by calls of an AWS API; every method may be repeated with the same result."""

    way = "call"

    @abstractmethod
    def apply(self, change: Change) -> Rollout:
        """Begin to deploy the release's version; a repetition resumes what is under way."""

    @abstractmethod
    def progress(self, environment: Environment, part: Part, rollout: Rollout) -> Rollout:
        """How far a rollout is now; changes nothing."""

    @abstractmethod
    def proceed(self, change: Change, rollout: Rollout) -> Rollout:
        """Take the step after `rollout`, which is paused; a repetition takes no second step."""

    def deployed(self, environment: Environment, step: Step) -> Mapping[str, str]:
        """The SHA-256 of each file that an earlier version was deployed from, if the service keeps it; by path."""
        return {}

    @abstractmethod
    def restore(self, environment: Environment, step: Step) -> None:
        """Restore an earlier version for all requests, also in the middle of a rollout."""


class BuildTarget(Target):
    """A kind that is changed by a buildspec; only the record knows which version runs."""

    way = "build"

    def outputs(self, artifacts: "Artifacts", key: str, digest: str) -> dict[str, str]:
        """The `outputs.json` of the build's artifact."""
        return artifacts.outputs(key, digest)
