"""The names of the environments of this stack."""

from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from functions.runtime import Clients


class EnvironmentNames:
    """The names, in the order in which a release enters the environments."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("ENVIRONMENT_NAMES",)

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The names in a comma-separated setting."""
        return cls(tuple(aws.setting("ENVIRONMENT_NAMES").split(",")))
