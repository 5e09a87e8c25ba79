"""What GitHub is told of a release: commit statuses, and deployments with their states (N2)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from functions.domain.gates import Verdict, failed, reasons

CommitState = Literal["pending", "success", "failure", "error"]
DeploymentState = Literal["in_progress", "success", "failure", "inactive"]

_STAGES: dict[str, CommitState] = {
    "passed": "success",
    "unknown": "error",
    "superseded": "error",
    "expired": "error",
    "void": "error",
}
_OUTCOMES: dict[str, CommitState] = {
    "deployed": "success",
    "skipped": "success",
    "unknown": "error",
    "superseded": "error",
}


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """One status: its context is `kiro` for the whole, `kiro/<environment>` for a stage."""

    context: str
    state: CommitState
    description: str


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    """The state of a GitHub deployment to an environment."""

    environment: str
    state: DeploymentState
    description: str


def commit_statuses(name: str, detail: Mapping[str, Any]) -> tuple[CommitStatus, ...]:
    """The commit statuses that an event means."""
    found = _commit_statuses(name, detail)
    return tuple(replace(one, description=_marked(one.description, detail)) for one in found)


def _commit_statuses(name: str, detail: Mapping[str, Any]) -> tuple[CommitStatus, ...]:
    if name == "DeploymentStarted":
        stages = (CommitStatus(f"kiro/{e}", "pending", "waits for its turn") for e in detail["environments"])
        return (CommitStatus("kiro", "pending", detail["reason"]), *stages)
    if name == "GatesJudged":
        verdicts = [Verdict(**verdict) for verdict in detail["gates"]]
        closed = failed(verdicts)
        return (CommitStatus("kiro/gates", "failure" if closed else "success", reasons(closed or verdicts)),)
    if name == "StageFinished":
        state = _STAGES.get(detail["result"], "failure")
        return (CommitStatus(f"kiro/{detail['environment']}", state, _words(detail["result"], detail["reason"])),)
    if name == "DeploymentFinished":
        state = _OUTCOMES.get(detail["outcome"], "failure")
        return (CommitStatus("kiro", state, _words(detail["outcome"], detail["reason"])),)
    return ()


def deployment_status(name: str, detail: Mapping[str, Any]) -> DeploymentStatus | None:
    """The state of the GitHub deployment that an event means; None when it means none."""
    if name == "RollbackStarted":
        words = _marked(f"rolling back: {detail['reason']}", detail)
        return DeploymentStatus(detail["environment"], "in_progress", words)
    if name != "StageFinished" or detail["result"] in ("rejected", "expired", "superseded", "void"):
        return None
    state: DeploymentState = "success" if detail["result"] == "passed" else "failure"
    words = _marked(_words(detail["result"], detail["reason"]), detail)
    return DeploymentStatus(detail["environment"], state, words)


def _marked(text: str, detail: Mapping[str, Any]) -> str:
    """What is told of an emergency begins with that word (P8)."""
    plain = text.startswith("EMERGENCY") or not (detail.get("release") or {}).get("emergency")
    return text if plain else f"EMERGENCY: {text}"


def _words(end: str, reason: str) -> str:
    return f"{end}: {reason}" if reason else end
