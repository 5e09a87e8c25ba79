"""The program of the worker's builds, in the artifacts bucket."""

from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from functions.runtime import Clients


class WorkerProgram:
    """The key of the archive that new builds run."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WORKER_PROGRAM",)

    def __init__(self, key: str) -> None:
        self.key = key

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The key in the settings."""
        return cls(aws.setting("WORKER_PROGRAM"))
