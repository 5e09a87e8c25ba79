"""Kind `command`: a buildspec of the repository; a rollback runs it again with the last known good release."""

from typing import TYPE_CHECKING, Annotated, Any, Self

from msgspec.structs import replace

from functions.adapters.manifest_types import CommittedFile, Meaning
from functions.domain.environments import Environment, PartState, Version
from functions.domain.manifests import Part
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.targets.base import BuildTarget, Packages, Preview, Recipe, Statement, first_missing

if TYPE_CHECKING:
    from components.stack.environment_settings import EnvironmentSettings
    from components.stack.naming import Naming
    from functions.adapters.artifacts import Artifacts
    from functions.runtime import Clients


class Keys(Value, frozen=True):
    """A buildspec, which runs in each environment; a rollback runs it again with the last known good release."""

    buildspec: Annotated[CommittedFile, Meaning("The buildspec in the repository.", "delivery/infrastructure.yml")]
    preview: Preview = ""


class CommandTarget(BuildTarget):
    """A command's result can't be read from AWS: its version is the recorded commit of its last run."""

    kind = "command"
    keys = Keys
    infrastructure = True

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """A command needs no adapters."""
        return cls()

    @classmethod
    def complete(cls, part: Part, keys: Any) -> Part:
        """Set `buildspec` and `preview`, which are fields of all parts that a build changes."""
        return replace(part, buildspec=keys.buildspec, preview=keys.preview)

    @classmethod
    def describe(cls, environment: Environment, part: Part) -> str:
        """The buildspec, such as `buildspec infrastructure/build.yml`."""
        return f"buildspec {part.buildspec}"

    @classmethod
    def names(cls, environment: Environment, part: Part) -> dict[str, str]:
        """None: the buildspec changes what the role of its project allows."""
        return {}

    @classmethod
    def deploy_permissions(
        cls, settings: "EnvironmentSettings", naming: "Naming", packages: Packages
    ) -> tuple[Statement, ...]:
        """None: a build has the role of its project (`deployPolicyArns`), never the deploy role."""
        return ()

    @classmethod
    def read_permissions(cls, settings: "EnvironmentSettings", naming: "Naming") -> tuple[Statement, ...]:
        """None: what runs is read from the record."""
        return ()

    def recipe(self, environment: Environment, part: Part, release: Release, deployment_id: str) -> Recipe:
        """The repository's own buildspec."""
        return Recipe(part.buildspec)

    def current(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """The recorded version."""
        return state.running.version if state and state.running else None

    def read_back(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """The recorded version; None if the part is in doubt."""
        return None if state and state.in_doubt else self.current(environment, part, state)

    def lost(self, environment: Environment, part: Part, to: Version, artifacts: "Artifacts") -> str:
        """The first of source and artifact that the bucket lacks: a rollback runs the command with both."""
        return first_missing(to, artifacts)
