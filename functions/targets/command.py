"""Kind `command`: a buildspec of the repository that is run with the release, and again with the last good one."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from functions.adapters.manifest_types import PreviewPath, RepositoryPath
from functions.domain.environments import Environment, PartState, Version
from functions.domain.manifests import Part
from functions.targets.base import BuildTarget, Statement

if TYPE_CHECKING:
    from components.stack.environment_settings import EnvironmentSettings
    from components.stack.naming import Naming
    from functions.adapters.artifacts import Artifacts
    from functions.runtime import Clients


@dataclass(frozen=True, slots=True)
class Keys:
    """The buildspec to run; where the build before it leaves a report of what it would change."""

    buildspec: RepositoryPath
    preview: PreviewPath = ""


class CommandTarget(BuildTarget):
    """What a command did can't be read from AWS: its version is the commit it last ran with, as recorded."""

    kind = "command"
    keys = Keys
    infrastructure = True

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """A command needs nothing but the record."""
        return cls()

    @classmethod
    def complete(cls, part: Part, keys: Any) -> Part:
        """Buildspec and preview are fields of every part that is changed by a build."""
        return replace(part, buildspec=keys.buildspec, preview=keys.preview)

    @classmethod
    def describe(cls, environment: Environment, part: Part) -> str:
        """`buildspec infrastructure/build.yml`."""
        return f"buildspec {part.buildspec}"

    @classmethod
    def deploy_permissions(cls, settings: "EnvironmentSettings", naming: "Naming") -> tuple[Statement, ...]:
        """None: a build runs under the role of its project (`deployPolicyArns`), never under the deploy role."""
        return ()

    def current(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """What is recorded."""
        return state.running.version if state and state.running else None

    def read_back(self, environment: Environment, part: Part, state: PartState | None) -> str | None:
        """What is recorded, but not while that is in doubt."""
        return None if state and state.in_doubt else self.current(environment, part, state)

    def lost(self, environment: Environment, part: Part, to: Version, artifacts: "Artifacts") -> str:
        """It runs again from its source and with its artifact."""
        gone = [key for key in (to.source, to.artifact) if key and not artifacts.exists(key)]
        return f"{gone[0]} is no longer in the bucket" if gone else ""
