"""The events of the stack's own bus: one class each, whose name is the event's `detail-type`.

| event | put by |
|---|---|
| DeploymentStarted | deployment.asl.json |
| GatesJudged | CheckGates |
| StageFinished | stage.asl.json |
| DeploymentFinished | deployment.asl.json, or on its behalf when its execution could not |
| RollbackStarted, RollbackFinished | rollback.asl.json, or on its behalf |
| EnvironmentFrozen, EnvironmentUnfrozen | the CLI |
| WorkItemFinished | work_item.asl.json, or the poll on its behalf |

Every consumer matches `Event` exhaustively. Times are ISO 8601, UTC; a time is empty where a workflow could not write
its record and so had none to give.
"""

from dataclasses import dataclass, field
from typing import assert_never, get_args

from functions.domain import work_items
from functions.domain.errors import BadInputError
from functions.domain.findings import Scans
from functions.domain.gates import Verdict
from functions.domain.records import DeploymentRecord, Outcome, StageRecord, StageResult
from functions.domain.releases import Release
from functions.domain.rollback import RollbackResult
from functions.domain.times import seconds_between
from functions.domain.work_items import Item


@dataclass(frozen=True, slots=True)
class DeploymentStarted:
    """A release has something to change; `environments` are those it will enter, in their order."""

    deployment_id: str
    release: Release
    reason: str
    environments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GatesJudged:
    """The verdicts before any deployment, the scanners' reports with the artifact that holds them, and the figures."""

    deployment_id: str
    release: Release
    gates: tuple[Verdict, ...]
    artifact: str
    scans: Scans
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StageFinished:
    """How a release ended in one environment; seconds are those waited for windows, people and locks.

    `queue_seconds` is None where the lock was never taken; `approval_seconds` is the part that people took.
    """

    deployment_id: str
    release: Release
    environment: str
    result: StageResult
    reason: str
    started_at: str = ""
    finished_at: str = ""
    waited_seconds: float = 0
    queue_seconds: float | None = None
    approval_seconds: float = 0


@dataclass(frozen=True, slots=True)
class DeploymentFinished:
    """The one outcome of a deployment; `release` is None when it failed before it was known which one it is."""

    deployment_id: str
    outcome: Outcome
    reason: str
    release: Release | None = None
    duration_seconds: float = 0
    stages: dict[str, StageRecord] = field(default_factory=dict)

    @classmethod
    def of(cls, record: DeploymentRecord) -> "DeploymentFinished":
        """The announcement of a concluded record; its seconds count from Begin to Conclude."""
        if not record.outcome:
            raise BadInputError(f"{record.deployment_id}: its record has no outcome yet, so there is none to announce")
        return cls(
            record.deployment_id,
            record.outcome,
            record.reason,
            record.release,
            seconds_between(record.started_at, record.finished_at) or 0,
            record.stages,
        )


@dataclass(frozen=True, slots=True)
class RollbackStarted:
    """An environment goes back to what it ran before a release."""

    deployment_id: str
    release: Release
    environment: str
    reason: str
    breached_at: str
    started_at: str


@dataclass(frozen=True, slots=True)
class RollbackFinished:
    """How a rollback ended, as read back from what runs; `cause` is why it was needed."""

    deployment_id: str
    release: Release
    environment: str
    result: RollbackResult
    reason: str
    cause: str
    breached_at: str
    started_at: str
    verified_at: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentFrozen:
    """An operator lets nothing deploy to an environment."""

    environment: str
    reason: str
    by: str
    since: str


@dataclass(frozen=True, slots=True)
class EnvironmentUnfrozen:
    """An operator lets releases enter an environment again."""

    environment: str
    reason: str
    by: str
    since: str


@dataclass(frozen=True, slots=True)
class WorkItemFinished:
    """How one attempt at a board item ended, and in which state that leaves the item; no pull request is 0."""

    work_id: str
    item: Item
    result: work_items.Result
    state: work_items.State
    reason: str
    pull_request: int
    started_at: str
    finished_at: str


Event = (
    DeploymentStarted
    | GatesJudged
    | StageFinished
    | DeploymentFinished
    | RollbackStarted
    | RollbackFinished
    | EnvironmentFrozen
    | EnvironmentUnfrozen
    | WorkItemFinished
)
EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}


def release_of(event: Event) -> Release | None:
    """The release that an event is about; None where it is about none, or where it is not known which."""
    match event:
        case EnvironmentFrozen() | EnvironmentUnfrozen() | WorkItemFinished():
            return None
        case (
            DeploymentStarted()
            | GatesJudged()
            | StageFinished()
            | DeploymentFinished()
            | RollbackStarted()
            | RollbackFinished()
        ):
            return event.release
        case _:
            assert_never(event)


class UnknownEventError(BadInputError):
    """An event of the stack's own bus whose name no class has."""


def event_type(detail_type: str) -> type[Event]:
    """The class of an event by its `detail-type`; an unknown one is an UnknownEventError that lists the known ones."""
    if detail_type not in EVENTS:
        raise UnknownEventError(
            f"event bus: no event is called {detail_type!r} (known: {', '.join(EVENTS)}); add it to domain/events.py"
        )
    return EVENTS[detail_type]
