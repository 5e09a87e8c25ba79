"""Commit statuses and GitHub deployment statuses of a release (N2)."""

from typing import Literal, assert_never

from msgspec.structs import replace

from functions.domain.events import (
    ApprovalDecided,
    DeploymentFinished,
    DeploymentStarted,
    EnvironmentEvent,
    Event,
    GatesJudged,
    RollbackFinished,
    RollbackStarted,
    StageFinished,
    StageHeld,
    StagePinned,
    WorkItemFinished,
    deployment_of,
    release_of,
)
from functions.domain.gates import Verdict, failed, foremost, reasons
from functions.domain.records import DeploymentRecord, Outcome, PlannedStage
from functions.domain.values import Value

# The beginning of the contexts of gates before any deployment, which an App shows as check runs.
GATE = "kiro/gate/"
CommitState = Literal["pending", "success", "failure", "error"]
DeploymentState = Literal["queued", "pending", "in_progress", "success", "failure", "inactive"]

_STAGES: dict[str, CommitState] = {
    "passed": "success",
    "unknown": "error",
    "superseded": "error",
    "expired": "error",
    "void": "error",
    "held": "error",
}
_OUTCOMES: dict[str, CommitState] = {
    "deployed": "success",
    "skipped": "success",
    "unknown": "error",
    "superseded": "error",
    "held": "error",
}
# Of a GitHub deployment; every other end is a failure.
_ENDS: dict[str, DeploymentState] = {
    "passed": "success",
    "rejected": "inactive",
    "expired": "inactive",
    "superseded": "inactive",
    "void": "inactive",
    "held": "inactive",
}
_Shown = tuple[str, DeploymentState, str]


class CommitStatus(Value, frozen=True):
    """One commit status; its context is `kiro` for the deployment, `kiro/<environment>` for a stage.

    `kiro/gates` is for all gates before any deployment, `kiro/gate/<gate>` for each of them, and
    `kiro/gate/<environment>/<gate>` for each in an environment. `link` is the page with the details, "" without one.
    Those of a release of images are `kiro/images` and `kiro/images/…`: its commit has its own besides. GitHub takes
    1000 statuses of a commit and context.
    https://docs.github.com/en/rest/commits/statuses#create-a-commit-status
    """

    context: str
    state: CommitState
    description: str
    link: str = ""


class DeploymentStatus(Value, frozen=True):
    """The state of a GitHub deployment; `deployment_id` is the platform's id, which its payload contains."""

    deployment_id: str
    environment: str
    state: DeploymentState
    description: str


def commit_statuses(event: Event, record: DeploymentRecord | None = None) -> tuple[CommitStatus, ...]:
    """The commit statuses to set for an event; `record` is that of its deployment.

    An event may come late or again: what the record says has ended does not become pending.
    """
    release = release_of(event)
    start = "kiro/images" if release and release.images else "kiro"
    return tuple(
        replace(one, context=start + one.context.removeprefix("kiro"), description=_marked(one.description, event))
        for one in _commit_statuses(event, record)
    )


def _commit_statuses(event: Event, record: DeploymentRecord | None) -> tuple[CommitStatus, ...]:
    ended = set(record.stages) if record else set()
    match event:
        case DeploymentStarted():
            if record and record.outcome:
                return ()
            coming = (name for name in event.environments if name not in ended)
            stages = (CommitStatus(f"kiro/{name}", "pending", "waits for its turn") for name in coming)
            return (CommitStatus("kiro", "pending", event.reason), *stages)
        case GatesJudged():
            whole = CommitStatus("kiro/gates", _state(*event.gates), reasons(foremost(event.gates)), event.log)
            return (whole, *(_of_gate(f"{GATE}{gate.name}", gate, event.log) for gate in event.gates))
        case StageHeld():
            late = event.environment in ended or bool(record and record.outcome)
            return () if late else (CommitStatus(f"kiro/{event.environment}", "pending", event.reason),)
        case StagePinned():
            # Where other parts change, the end of the stage follows.
            return (CommitStatus(f"kiro/{event.environment}", "error", event.reason),)
        case StageFinished():
            state, place = _STAGES.get(event.result, "failure"), event.environment
            link = event.log if failed(event.gates) else ""
            whole = CommitStatus(f"kiro/{place}", state, _words(event.result, event.reason), link)
            return (whole, *(_of_gate(f"{GATE}{place}/{gate.name}", gate, event.log) for gate in event.gates))
        case DeploymentFinished():
            state = _OUTCOMES.get(event.outcome, "failure")
            planned = record.plan.stages if record and record.plan else ()
            left = (_left(one, event.outcome) for one in planned if one.environment not in event.stages)
            return (CommitStatus("kiro", state, _words(event.outcome, event.reason)), *left)
        case RollbackFinished():
            if not event.release.commit:
                return ()
            words = f"rolled back ({event.result}): {event.cause}"
            # It may replace the status of a stage whose tests failed.
            place = event.environment
            link = record.tests_log(place) if record and failed(record.gates_after.get(place, ())) else ""
            return (CommitStatus(f"kiro/{place}", "failure", words, link),)
        case ApprovalDecided() | RollbackStarted() | EnvironmentEvent() | WorkItemFinished():
            return ()
        case _:
            assert_never(event)


def _state(*gates: Verdict) -> CommitState:
    return "failure" if failed(gates) else "success"


def _left(stage: PlannedStage, outcome: Outcome) -> CommitStatus:
    """The last status of an environment without a stage: not reached, kept out by a pin, or nothing to change."""
    context = f"kiro/{stage.environment}"
    if _OUTCOMES.get(outcome, "failure") != "success":
        return CommitStatus(context, "error", f"not reached: the deployment is {outcome}")
    if stage.pinned:
        return CommitStatus(context, "error", stage.pins)
    return CommitStatus(context, "success", "has nothing to change")


def _of_gate(context: str, gate: Verdict, link: str) -> CommitStatus:
    return CommitStatus(context, _state(gate), gate.reason, link)


def deployment_statuses(event: Event, record: DeploymentRecord | None = None) -> tuple[DeploymentStatus, ...]:
    """The GitHub deployment statuses to set for an event; `record` is that of its deployment.

    An environment is queued, pending while the release waits there for a person or a time, and in progress once people
    approved, or the gates or the environment before it have passed. Where nothing was changed, its GitHub deployment is
    inactive.
    https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status
    """
    found = ((place, state, words) for place, state, words in _deployment_statuses(event, record))
    return tuple(DeploymentStatus(deployment_of(event), place, state, _marked(w, event)) for place, state, w in found)


def _deployment_statuses(event: Event, record: DeploymentRecord | None) -> tuple[_Shown, ...]:
    """Each with its environment and its text."""
    match event:
        case DeploymentStarted():
            coming = _coming(record) if record else event.environments
            return tuple((name, "queued", "waits for its turn") for name in event.environments if name in coming)
        case GatesJudged():
            return () if failed(event.gates) else _next(record)
        case StageHeld():
            late = record is not None and event.environment not in _coming(record)
            return () if late else ((event.environment, "pending", event.reason),)
        case StageFinished():
            state = _ENDS.get(event.result, "failure")
            ended = (event.environment, state, _words(event.result, event.reason))
            return (ended, *_next(record)) if state == "success" else (ended,)
        case DeploymentFinished():
            words = f"not reached: the deployment is {event.outcome}"
            return tuple((name, "inactive", words) for name in _changed(record) if name not in event.stages)
        case RollbackStarted():
            return ((event.environment, "in_progress", f"rolling back: {event.reason}"),)
        case RollbackFinished():
            return ((event.environment, "failure", f"rolled back ({event.result}): {event.cause}"),)
        case ApprovalDecided():
            goes = event.state == "approved" and (record is None or event.environment in _coming(record))
            return ((event.environment, "in_progress", f"approved by {event.by}"),) if goes else ()
        case StagePinned() | EnvironmentEvent() | WorkItemFinished():
            return ()
        case _:
            assert_never(event)


def _changed(record: DeploymentRecord | None) -> tuple[str, ...]:
    """The environments that a deployment changes, in order."""
    return tuple(one.environment for one in record.plan.stages if one.parts) if record and record.plan else ()


def _coming(record: DeploymentRecord) -> tuple[str, ...]:
    """Those of them that it has not left; none after its end."""
    return () if record.outcome else tuple(name for name in _changed(record) if name not in record.stages)


def _next(record: DeploymentRecord | None) -> tuple[_Shown, ...]:
    """The environment that a release enters now, unless it waits there already."""
    coming = _coming(record) if record else ()
    if not record or not coming or (record.environment == coming[0] and record.status.startswith("waiting")):
        return ()
    return ((coming[0], "in_progress", "the release is on its way into the environment"),)


def _marked(text: str, event: Event) -> str:
    """The text, which begins with EMERGENCY for an emergency (P8)."""
    release = release_of(event)
    plain = text.startswith("EMERGENCY") or release is None or not release.emergency
    return text if plain else f"EMERGENCY: {text}"


def _words(end: str, reason: str) -> str:
    return f"{end}: {reason}" if reason else end
