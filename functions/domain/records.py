"""What the deployments table holds: the record of a deployment, as typed values.

A row keeps what is known of an environment under a name that ends in the environment's (`rollback_production`); here
those are one mapping per kind. What a row lacks, because it was written by an earlier version or too early, has its
default; what it holds beyond this is ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from functions.domain.gates import Verdict
from functions.domain.performance import Performance
from functions.domain.releases import Release
from functions.domain.rollback import Compensation, RollbackResult

StageResult = Literal["passed", "rejected", "expired", "superseded", "void", "failed", "restored", "partly", "unknown"]
"""How a stage ends: deployed; refused before any change (five of them); or rolled back, as far as that came."""

Outcome = Literal[
    "deployed",
    "skipped",
    "superseded",
    "rejected",
    "expired",
    "void",
    "failed",
    "restored",
    "partly",
    "unknown",
    "aborted",
    "timed out",
    "rollback",
]
"""How a deployment ends; `rollback` is the record of an operator's rollback, which deploys nothing."""


@dataclass(frozen=True, slots=True)
class StageRecord:
    """How a stage ended; times are ISO 8601, seconds are those it waited for windows, people and locks."""

    result: StageResult
    reason: str = ""
    started_at: str = ""
    finished_at: str = ""
    waited_seconds: float = 0


@dataclass(frozen=True, slots=True)
class RollbackRecord:
    """How a rollback ended, why it was needed (`cause`), and its clock (ISO 8601; R9)."""

    result: RollbackResult
    reason: str = ""
    cause: str = ""
    breached_at: str = ""
    started_at: str = ""
    verified_at: str = ""


@dataclass(frozen=True, slots=True)
class BaselineRecord:
    """How the alarms of an environment stood before the release, and what followed."""

    outcome: str = ""
    reason: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """One environment of the plan: parts that are in and out, each with its reason."""

    environment: str
    parts: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """What the deployment was to do."""

    outcome: str = ""
    reason: str = ""
    stages: tuple[PlannedStage, ...] = ()


@dataclass(frozen=True, slots=True)
class DeploymentRecord:
    """A deployment, or an operator's rollback; `outcome` is empty until it ended, and `status` says where it stands.

    Of an environment: `gates_after`, `performance`, `baseline` and `rollback`, by its name. `artifact_digest` and
    `artifact_version` are those of the build's artifact that the gates judged. `told` says that its end was announced
    on behalf of its execution.
    """

    deployment_id: str
    release: Release | None = None
    execution: str = ""
    trigger: str = ""
    environment: str = ""
    status: str = ""
    outcome: Outcome | Literal[""] = ""
    reason: str = ""
    started_at: str = ""
    finished_at: str = ""
    plan: PlanRecord | None = None
    gates: tuple[Verdict, ...] = ()
    artifact_digest: str = ""
    artifact_version: str = ""
    stages: dict[str, StageRecord] = field(default_factory=dict)
    ledger: dict[str, Compensation] = field(default_factory=dict)
    gates_after: dict[str, tuple[Verdict, ...]] = field(default_factory=dict)
    performance: dict[str, Performance | None] = field(default_factory=dict)
    baseline: dict[str, BaselineRecord] = field(default_factory=dict)
    rollback: dict[str, RollbackRecord] = field(default_factory=dict)
    told: bool = False


# Beginning of an attribute's name, without the environment → field of DeploymentRecord, as JSON spells it.
_OF_ENVIRONMENT = {
    "gates_": "gatesAfter",
    "performance_": "performance",
    "baseline_": "baseline",
    "rollback_": "rollback",
}


def grouped(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the deployments table with what it holds of each environment in mappings, ready to be decoded."""
    found: dict[str, Any] = {name: {} for name in _OF_ENVIRONMENT.values()}
    for key, value in row.items():
        prefix = next((one for one in _OF_ENVIRONMENT if key.startswith(one)), "")
        if prefix:
            found[_OF_ENVIRONMENT[prefix]][key.removeprefix(prefix)] = value
        else:
            found[key] = value
    return found
