"""The settings of the worker."""

import json
from typing import TYPE_CHECKING, ClassVar, Self

from functions.domain.values import Value
from functions.handler import decode

if TYPE_CHECKING:
    from functions.runtime import Clients


class _Given(Value, frozen=True):
    """The setting `WORKER`, written by the Pulumi program."""

    repositories: tuple[str, ...]
    main_branch: str
    branch_namespace: str
    concurrency: int
    attempts: int
    coverage_percent: float


class WorkerRules:
    """Repositories and branches that are worked on, items at a time, attempts per item, and the required coverage."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("WORKER",)

    def __init__(self, given: _Given) -> None:
        self.repositories = frozenset(given.repositories)
        self.main_branch = given.main_branch
        self.branch_namespace = given.branch_namespace
        self.concurrency = given.concurrency
        self.attempts = given.attempts
        self.coverage_percent = given.coverage_percent

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The rules in this stack's settings."""
        return cls(decode(_Given, json.loads(aws.setting("WORKER"))))
