"""The names of the environments of this stack."""

from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from functions.runtime import Clients


class EnvironmentNames:
    """In the order in which a release walks through them."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("ENVIRONMENT_NAMES",)

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """A comma-separated setting."""
        return cls(tuple(aws.setting("ENVIRONMENT_NAMES").split(",")))
