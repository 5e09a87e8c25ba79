"""Commit statuses and GitHub deployment statuses of a release (N2)."""

from dataclasses import dataclass, replace
from typing import Literal, assert_never

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
    release_of,
)
from functions.domain.gates import Verdict, failed, foremost, reasons
from functions.domain.records import DeploymentRecord

# The beginning of the contexts of gates before any deployment, which an App shows as check runs.
GATE = "kiro/gate/"
CommitState = Literal["pending", "success", "failure", "error"]
DeploymentState = Literal["in_progress", "success", "failure", "inactive"]

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


@dataclass(frozen=True, slots=True)
class CommitStatus:
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


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
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
            whole = CommitStatus(f"kiro/{place}", state, _words(event.result, event.reason))
            return (whole, *(_of_gate(f"{GATE}{place}/{gate.name}", gate) for gate in event.gates))
        case DeploymentFinished():
            state = _OUTCOMES.get(event.outcome, "failure")
            planned = [stage.environment for stage in record.plan.stages] if record and record.plan else []
            unreached = (name for name in planned if name not in event.stages)
            left: tuple[CommitState, str] = ("error", f"not reached: the deployment is {event.outcome}")
            if state == "success":
                left = ("success", "has nothing to change")
            return (
                CommitStatus("kiro", state, _words(event.outcome, event.reason)),
                *(CommitStatus(f"kiro/{name}", *left) for name in unreached),
            )
        case RollbackFinished():
            if not event.release.commit:
                return ()
            words = f"rolled back ({event.result}): {event.cause}"
            return (CommitStatus(f"kiro/{event.environment}", "failure", words),)
        case ApprovalDecided() | RollbackStarted() | EnvironmentEvent() | WorkItemFinished():
            return ()
        case _:
            assert_never(event)


def _state(*gates: Verdict) -> CommitState:
    return "failure" if failed(gates) else "success"


def _of_gate(context: str, gate: Verdict, link: str = "") -> CommitStatus:
    return CommitStatus(context, _state(gate), gate.reason, link)


def deployment_status(event: Event) -> DeploymentStatus | None:
    """The GitHub deployment status to set for an event; None if there is none."""
    match event:
        case RollbackStarted():
            words = _marked(f"rolling back: {event.reason}", event)
            return DeploymentStatus(event.deployment_id, event.environment, "in_progress", words)
        case StageFinished():
            if event.result in ("rejected", "expired", "superseded", "void", "held"):
                return None
            state: DeploymentState = "success" if event.result == "passed" else "failure"
            words = _marked(_words(event.result, event.reason), event)
            return DeploymentStatus(event.deployment_id, event.environment, state, words)
        case RollbackFinished():
            words = _marked(f"rolled back ({event.result}): {event.cause}", event)
            return DeploymentStatus(event.deployment_id, event.environment, "failure", words)
        case (
            DeploymentStarted()
            | GatesJudged()
            | StageHeld()
            | StagePinned()
            | ApprovalDecided()
            | DeploymentFinished()
            | EnvironmentEvent()
            | WorkItemFinished()
        ):
            return None
        case _:
            assert_never(event)


def _marked(text: str, event: Event) -> str:
    """The text, which begins with EMERGENCY for an emergency (P8)."""
    release = release_of(event)
    plain = text.startswith("EMERGENCY") or release is None or not release.emergency
    return text if plain else f"EMERGENCY: {text}"


def _words(end: str, reason: str) -> str:
    return f"{end}: {reason}" if reason else end
