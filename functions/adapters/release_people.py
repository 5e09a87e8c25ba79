"""The people of a release, who may not approve it where the settings of an environment say so (A3)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.github.contributors import Contributors
from functions.domain.releases import Release
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients


class ReleasePeople:
    """Reads the running versions and GitHub; changes nothing."""

    SETTINGS: ClassVar[tuple[str, ...]] = (*EnvironmentsTable.SETTINGS, *Contributors.SETTINGS)
    READ: ClassVar[tuple[Allow, ...]] = (*EnvironmentsTable.READ, *Contributors.USE)

    def __init__(self, environments: EnvironmentsTable, contributors: Contributors) -> None:
        self._environments = environments
        self._contributors = contributors

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The table of this stack, and its GitHub."""
        return cls(EnvironmentsTable.connect(aws), Contributors.connect(aws))

    def logins(self, release: Release, environment: str, parts: Sequence[str]) -> list[str]:
        """The GitHub logins, in lower case, of who made, pushed or merged what these parts do not run yet."""
        states = self._environments.parts(environment)
        running = [states[name].running if name in states else None for name in parts]
        commits = [one.commit if one else "" for one in running]
        # a part that never ran here gets the whole history
        bases = set(commits) if all(commits) else set()
        return sorted(self._contributors.of(release.repository, bases, release.commit, release.ref))
