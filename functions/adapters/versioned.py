"""The repositories whose releases get versions (`github.repositories[].versions`)."""

from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from functions.runtime import Clients


class Versioned:
    """The repositories with versions, and the address of GitHub's pages."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("VERSIONED", "GITHUB_URL")

    def __init__(self, repositories: frozenset[str], pages: str) -> None:
        self.repositories = repositories
        self.pages = pages

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """Those of this stack."""
        return cls(frozenset(aws.setting("VERSIONED").split(",")), aws.setting("GITHUB_URL").rstrip("/"))
