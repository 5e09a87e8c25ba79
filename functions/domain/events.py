"""The events of the stack's bus: one class per event; the class name is the event's `detail-type`.

| event | published by |
|---|---|
| DeploymentStarted | deployment.asl.json |
| GatesJudged | CheckGates |
| StageHeld | CheckEvidence, CheckWindow, AwaitUnfreeze, RequestApproval |
| StagePinned | ReachEnvironment |
| ApprovalDecided | procedures/decisions.py, and AwaitApproval for one that counts from a later time |
| StageFinished | stage.asl.json |
| DeploymentFinished | deployment.asl.json, or procedures/ended_executions.py when its execution ended early |
| RollbackStarted, RollbackFinished | rollback.asl.json, or the same when its execution ended early |
| EnvironmentFrozen, EnvironmentUnfrozen, PartsPinned, PartsUnpinned | the CLI |
| DriftFound, DriftEnded | events/check_drift.py |
| WorkItemFinished | work_item.asl.json, or the poll when its execution ended early |

Every consumer matches `Event` exhaustively. Times are ISO 8601, UTC. A time is empty when the workflow could not write
its record.
"""

from typing import Literal, get_args

from msgspec import field

from functions.domain import work_items
from functions.domain.approvals import Consent
from functions.domain.errors import BadInputError
from functions.domain.findings import Scans
from functions.domain.gates import Verdict
from functions.domain.manifests import GateSettings
from functions.domain.records import DeploymentRecord, Outcome, StageRecord, StageResult
from functions.domain.releases import Release
from functions.domain.rollback import RollbackResult
from functions.domain.times import seconds_between
from functions.domain.values import Value
from functions.domain.work_items import Item


class DeploymentStarted(Value, frozen=True):
    """A deployment started that has changes to make; `environments` are those it will enter, in order."""

    deployment_id: str
    release: Release
    reason: str
    environments: tuple[str, ...]


class GatesJudged(Value, frozen=True):
    """The verdicts of the gates before any deployment.

    `artifact` (a key in the artifacts bucket) contains the reports that `scans` names; `figures` are measured numbers.
    `digest` is the SHA-256 of the artifact that the build uploaded; without one there are no reports. `log` is the page
    of the build's log, "" if it has none. `settings` are the manifest's keys of the gates, which name all reports.
    """

    deployment_id: str
    release: Release
    gates: tuple[Verdict, ...]
    artifact: str
    scans: Scans
    figures: dict[str, float] = field(default_factory=dict)
    digest: str = ""
    log: str = ""
    settings: GateSettings = field(default_factory=dict)


class StageHeld(Value, frozen=True):
    """A release waits before or in an environment, since a time: for a soak, a window, an unfreeze or an approval.

    `reason`, `whom` and `next_step` are text, whom and next of a `Waiting` (functions/domain/waiting.py). `approval_id`
    is the request that it waits for, "" if it waits for something else.
    """

    deployment_id: str
    release: Release
    environment: str
    reason: str
    since: str
    whom: str = ""
    next_step: str = ""
    approval_id: str = ""


class StagePinned(Value, frozen=True):
    """A release leaves pinned parts of an environment as they are; `reason` names each pin, `since` is now."""

    deployment_id: str
    release: Release
    environment: str
    reason: str
    since: str


class ApprovalDecided(Value, frozen=True):
    """People approved or rejected a request; `by` names them all, `identity` is the ARN of who signed with AWS.

    `digest` is the SHA-256 of the artifact that was shown, "" without one.
    """

    deployment_id: str
    release: Release
    environment: str
    purpose: Literal["deploy", "review"]
    state: Literal["approved", "rejected"]
    by: str
    reason: str
    at: str
    identity: str = ""
    consents: tuple[Consent, ...] = ()
    digest: str = ""


class StageFinished(Value, frozen=True):
    """How a stage ended. `waited_seconds` is the time it waited for windows, people and locks.

    `queue_seconds` is the wait for the lock, None when the lock was never acquired; `approval_seconds` is the wait for
    people. `gates` are the verdicts on its tests in the environment, none if none ran. `log` is the page of the log of
    their build, "" if it has none.
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
    gates: tuple[Verdict, ...] = ()
    log: str = ""


class DeploymentFinished(Value, frozen=True):
    """The outcome of a deployment, published once; `release` is None when it failed before the release was known."""

    deployment_id: str
    outcome: Outcome
    reason: str
    release: Release | None = None
    duration_seconds: float = 0
    stages: dict[str, StageRecord] = field(default_factory=dict)

    @classmethod
    def of(cls, record: DeploymentRecord) -> "DeploymentFinished":
        """The event of a concluded record; `duration_seconds` is the time from Begin to Conclude."""
        if not record.outcome:
            raise BadInputError(f"{record.deployment_id}: the deployment's record has no outcome: conclude it first")
        return cls(
            record.deployment_id,
            record.outcome,
            record.reason,
            record.release,
            seconds_between(record.started_at, record.finished_at) or 0,
            record.stages,
        )


class RollbackStarted(Value, frozen=True):
    """A rollback of one environment started."""

    deployment_id: str
    release: Release
    environment: str
    reason: str
    breached_at: str
    started_at: str


class RollbackFinished(Value, frozen=True):
    """How a rollback ended, as read back from the environment; `cause` is why it was started."""

    deployment_id: str
    release: Release
    environment: str
    result: RollbackResult
    reason: str
    cause: str
    breached_at: str
    started_at: str
    verified_at: str = ""


class EnvironmentEvent:
    """What happened to an environment or its parts, outside of any deployment."""

    __slots__ = ()


class EnvironmentFrozen(EnvironmentEvent, Value, frozen=True):
    """An operator froze an environment."""

    environment: str
    reason: str
    by: str
    since: str


class EnvironmentUnfrozen(EnvironmentEvent, Value, frozen=True):
    """An operator unfroze an environment."""

    environment: str
    reason: str
    by: str
    since: str


class PartsPinned(EnvironmentEvent, Value, frozen=True):
    """An operator pinned parts of an environment; `until` says in words what ends the pins."""

    environment: str
    parts: tuple[str, ...]
    reason: str
    by: str
    since: str
    until: str


class PartsUnpinned(EnvironmentEvent, Value, frozen=True):
    """An operator ended the pins of parts of an environment."""

    environment: str
    parts: tuple[str, ...]
    reason: str
    by: str
    since: str


class DriftFound(EnvironmentEvent, Value, frozen=True):
    """A part runs something else than the platform recorded; `reason` says what, who changed it, and when.

    `next_step` has the commands that mend it.
    """

    environment: str
    part: str
    reason: str
    next_step: str
    since: str


class DriftEnded(EnvironmentEvent, Value, frozen=True):
    """A part runs what is recorded again; `reason` says what was found before."""

    environment: str
    part: str
    reason: str
    since: str


class WorkItemFinished(Value, frozen=True):
    """How one attempt at a work item ended, and the item's state after it; `pull_request` is 0 when there is none."""

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
    | StageHeld
    | StagePinned
    | ApprovalDecided
    | StageFinished
    | DeploymentFinished
    | RollbackStarted
    | RollbackFinished
    | EnvironmentFrozen
    | EnvironmentUnfrozen
    | PartsPinned
    | PartsUnpinned
    | DriftFound
    | DriftEnded
    | WorkItemFinished
)
EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}


def release_of(event: Event) -> Release | None:
    """The release of an event; None when the event has none, or when the release is unknown."""
    return None if isinstance(event, EnvironmentEvent | WorkItemFinished) else event.release


def deployment_of(event: Event) -> str:
    """The id of an event's deployment, or of the rollback that a person asked for; "" if it is about none."""
    return "" if isinstance(event, EnvironmentEvent | WorkItemFinished) else event.deployment_id


class UnknownEventError(BadInputError):
    """An event of the stack's bus has a `detail-type` that no class has."""


def event_type(detail_type: str) -> type[Event]:
    """The class of an event by its `detail-type`; an unknown one is an UnknownEventError that lists the known ones."""
    if detail_type not in EVENTS:
        raise UnknownEventError(
            f"event bus: no event has the name {detail_type!r} (known: {', '.join(EVENTS)}); add it to domain/events.py"
        )
    return EVENTS[detail_type]
