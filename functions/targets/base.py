"""The interface of a target: everything that depends on the kind of a part.

A part is changed in one of two ways: `build` runs a buildspec in the environment's deploy project, `call` calls
`apply`. The workflows choose by the way only. A change by calls may take several steps: see `Rollout`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from msgspec import field
from msgspec.structs import replace

from functions.adapters.delivered_functions import Keep
from functions.adapters.manifest_types import Meaning, Percent, PreviewPath, Requests
from functions.domain.comparisons import Limits, Versions, Whole
from functions.domain.drift import Trace
from functions.domain.environments import Environment, PartState, Version
from functions.domain.images import Image
from functions.domain.manifests import Kind, Part, Way
from functions.domain.releases import Release
from functions.domain.rollback import Step
from functions.domain.rollouts import Rollout
from functions.domain.values import Value
from functions.handler import Allow, encode

if TYPE_CHECKING:
    import pulumi

    from components.stack.environment_settings import EnvironmentSettings
    from components.stack.naming import Naming
    from functions.adapters.artifacts import Artifacts
    from functions.runtime import Clients


class Statement(Value, frozen=True):
    """One IAM statement of a deploy or read role; `resources` are ARNs, `why` is required if one has a wildcard.

    `condition` is that of the statement: by operator and key.
    """

    actions: tuple[str, ...]
    resources: tuple["pulumi.Input[str]", ...]
    why: str = ""
    condition: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)


class Packages(Value, frozen=True):
    """The stored packages that deploy roles may read: the ARNs of the objects (with a wildcard) and of their key."""

    objects: "pulumi.Input[str]"
    key: "pulumi.Input[str]"


class Change(Value, frozen=True):
    """The input of `apply` and `proceed`.

    `read` returns a file of the artifact that the gates judged. It raises SourceError if the file is missing, and
    ProvenanceError if the signed statement does not have it (`Target.files`) or has another digest. `fence` raises
    StaleLeaseError if another execution owns the environment; it must be called before each change of what runs.
    `keep` stores a file in the artifacts bucket, for a target that AWS lets read it there. `image` is that of a
    request, None where the artifact has what is deployed. `recorded` returns the versions of the part that a rollback
    may need: what runs, and what was last good.
    """

    environment: Environment
    part: Part
    release: Release
    read: Callable[[str], bytes]
    fence: Callable[[], None]
    keep: Keep
    image: Image | None = None
    recorded: Callable[[], Collection[str]] = tuple


class ComparisonKeys(Value, frozen=True, kw_only=True):
    """The manifest keys of kinds whose requests are measured; None: the environment's settings decide alone.

    They can only tighten these settings (`limits`).
    """

    worse_error_percent: Annotated[
        Percent | None,
        Meaning("So many percentage points more failed requests than with the old version are worse.", 5),
    ] = None
    worse_latency_percent: Annotated[
        Percent | None, Meaning("An average latency longer by so many percent than with the old version is worse.", 20)
    ] = None
    compared_requests: Annotated[
        Requests | None, Meaning("How many requests each version must have met to be compared.", 20)
    ] = None

    def limits(self, environment: Environment) -> Limits:
        """The stricter of what the environment and the manifest say."""
        return Limits(
            _least(environment.worse_error_percent, self.worse_error_percent),
            _least(environment.worse_latency_percent, self.worse_latency_percent),
            int(_least(environment.compared_requests, self.compared_requests)),
        )


def _least(setting: float, key: float | None) -> float:
    return setting if key is None else min(setting, key)


class Recipe(Value, frozen=True):
    """How a build changes a part: its buildspec (a path in the source, or its text) and variables.

    `program` is the key, in the artifacts bucket, of a program of the platform that the buildspec runs; "" for none.
    """

    buildspec: str
    variables: Mapping[str, str] = field(default_factory=dict)
    program: str = ""


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
        """The part with the values of the manifest's `keys`, an instance of `cls.keys`, or a MistakenKeyError.

        None is left out.
        """
        return replace(part, settings={key: value for key, value in encode(keys).items() if value is not None})

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
    def lacking(cls, environment: Environment, part: Part) -> dict[str, str]:
        """Why the part can't be deployed to this environment, by the manifest's key that says so; {} if it can."""
        return {}

    @classmethod
    def files(cls, part: Part) -> tuple[str, ...]:
        """The files of the build's artifact that `apply` and `proceed` read; `Change.read` refuses others."""
        return ()

    @classmethod
    def image_repository(cls, environment: Environment, part: Part) -> str:
        """The repository of the image that a part runs, without tag; "" for a kind that runs none.

        An unknown placeholder is a ManifestError.
        """
        return ""

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

    @classmethod
    def traces(cls, environment: Environment, part: Part) -> tuple[Trace, ...]:
        """How CloudTrail shows that somebody changed which version runs; none for a kind that is only recorded."""
        return ()

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
    def versions(self, environment: Environment, part: Part, rollout: Rollout) -> Versions | None:
        """The metrics of the two versions that share the requests at a step; None if they are not known."""

    @abstractmethod
    def whole(self, environment: Environment, part: Part) -> Whole | None:
        """The metrics of all requests to a part; None if there are none, or `versions` are compared at its steps."""

    @abstractmethod
    def restore(self, environment: Environment, step: Step) -> Rollout:
        """Begin to restore an earlier version for all requests, also in the middle of a rollout.

        `done` or `underway`. It is called again after each wait, and takes what is left to do from what it finds:
        `progress` of its answer is `underway` as long as AWS needs no other call.
        """


# The manifest key `preview` of kinds whose builds write such a report.
Preview = Annotated[
    PreviewPath,
    Meaning("The report, in the build's artifact, of what it would change.", "reports/preview-{environment}.json"),
]


class BuildTarget(Target):
    """A kind that is changed by a buildspec, with the role of the environment's deploy project."""

    way = "build"

    @abstractmethod
    def recipe(self, environment: Environment, part: Part, release: Release, deployment_id: str) -> Recipe:
        """The build that makes the part what this release says, going forward and back."""

    def outputs(self, artifacts: "Artifacts", key: str, digest: str) -> dict[str, str]:
        """The `outputs.json` of the build's artifact."""
        return artifacts.outputs(key, digest)


def first_missing(to: Version, artifacts: "Artifacts") -> str:
    """Why a build can't run again with an earlier version: the first of source and artifact that the bucket lacks."""
    gone = [key for key in (to.source, to.artifact) if key and not artifacts.exists(key)]
    return f"{gone[0]} is no longer in the bucket" if gone else ""
