"""The programs of the platform that builds run, in the artifacts bucket."""

from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from functions.runtime import Clients


class BuildPrograms:
    """The keys of the archives that new builds run."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("BUILD_PROGRAMS",)

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The keys in the settings, separated by commas."""
        return cls(tuple(aws.setting("BUILD_PROGRAMS").split(",")))
