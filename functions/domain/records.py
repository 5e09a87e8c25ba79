"""The record of a deployment, as typed values (deployments table).

A stored row has one attribute for each kind of data and environment (`rollback_production`); here each kind is one
mapping by environment. Attributes that a row lacks have their defaults; unknown attributes are ignored.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import field

from functions.domain.environments import PartState
from functions.domain.gates import Verdict
from functions.domain.images import Image
from functions.domain.manifests import AfterDeploy, Part, own_name
from functions.domain.performance import Performance
from functions.domain.releases import Release
from functions.domain.requests import Request
from functions.domain.rollback import Compensation, RollbackResult
from functions.domain.values import Value

StageResult = Literal[
    "passed", "rejected", "expired", "superseded", "void", "held", "failed", "restored", "partly", "unknown"
]
"""How a stage ends: `passed`; `rejected` to `failed` before any change; or the result of its rollback.

`held`: a freeze or a closed window kept the release out until its time was up.
"""

Outcome = Literal[
    "deployed",
    "skipped",
    "superseded",
    "rejected",
    "expired",
    "void",
    "held",
    "failed",
    "restored",
    "partly",
    "unknown",
    "aborted",
    "timed out",
    "rollback",
]
"""How a deployment ends; `rollback` is the record of an operator's rollback, which deploys nothing."""


class StageRecord(Value, frozen=True):
    """How a stage ended; times are ISO 8601. `waited_seconds` is its time of waiting for windows, people and locks."""

    result: StageResult
    reason: str = ""
    started_at: str = ""
    finished_at: str = ""
    waited_seconds: float = 0


class RollbackRecord(Value, frozen=True):
    """How a rollback ended, why it was started (`cause`), and its rollback clock (ISO 8601; R9)."""

    result: RollbackResult
    reason: str = ""
    cause: str = ""
    breached_at: str = ""
    started_at: str = ""
    verified_at: str = ""


class BaselineRecord(Value, frozen=True):
    """The result of reading an environment's alarms before the release; `at` is ISO 8601.

    `too_slow` are the alarms that the watch after the release is too short for.
    """

    outcome: str = ""
    reason: str = ""
    at: str = ""
    too_slow: tuple[str, ...] = ()


class BuildRecord(Value, frozen=True):
    """The page of the log of a build that gates judged; "" if it has none."""

    log: str = ""


class PlannedStage(Value, frozen=True):
    """One environment of the plan: the names of changed and skipped parts, each with its reason.

    `pinned` are the skipped parts that a pin keeps out.
    """

    environment: str
    parts: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    pinned: tuple[str, ...] = ()

    @property
    def pins(self) -> str:
        """The pins that keep parts out, each once; "" if none does."""
        return "; ".join(dict.fromkeys(self.skipped[part] for part in self.pinned))


class PlanRecord(Value, frozen=True):
    """The plan of the deployment."""

    outcome: str = ""
    reason: str = ""
    stages: tuple[PlannedStage, ...] = ()


class PlannedChange(Value, frozen=True):
    """What a deployment starts a stage with: written before that, and compared when the stage begins.

    `source` and `artifact` are keys in the artifacts bucket; `gone` are parts that the manifest no longer names.
    `images` are those that services get, unless the artifact names them. Only the record says them, not the input of a
    stage. `descends_from` are the commits that the release is known to descend from; they end pins.
    """

    parts: tuple[Part, ...] = ()
    gone: tuple[str, ...] = ()
    after_deploy: AfterDeploy | None = None
    source: str = ""
    artifact: str = ""
    images: dict[str, Image] = field(default_factory=dict)
    descends_from: tuple[str, ...] = ()


class DeploymentRecord(Value, frozen=True):
    """A deployment, or a rollback that a person asked for. `request` is what it was started with, None for a rollback.

    `outcome` is empty until it has ended; `status` is its current status.

    `stages`, `planned`, `gates_after`, `tests`, `performance`, `baseline` and `rollback` are by environment; `ledger`
    is by environment and part. `gates` judged `build`, and `gates_after` judged `tests`. `artifact_digest` and
    `artifact_version` identify the artifact that the gates judged, `statement` is the SHA-256 of its signed statement,
    `signed` those of the statements about what followed, by name.
    `told` is true when its end was published on behalf of its execution.
    """

    deployment_id: str
    release: Release | None = None
    execution: str = ""
    trigger: str = ""
    request: Request | None = None
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
    statement: str = ""
    stages: dict[str, StageRecord] = field(default_factory=dict)
    planned: dict[str, PlannedChange] = field(default_factory=dict)
    ledger: dict[str, Compensation] = field(default_factory=dict)
    gates_after: dict[str, tuple[Verdict, ...]] = field(default_factory=dict)
    tests: dict[str, BuildRecord] = field(default_factory=dict)
    performance: dict[str, Performance | None] = field(default_factory=dict)
    baseline: dict[str, BaselineRecord] = field(default_factory=dict)
    rollback: dict[str, RollbackRecord] = field(default_factory=dict)
    signed: dict[str, str] = field(default_factory=dict)
    told: bool = False
    build: BuildRecord | None = None

    def tests_log(self, environment: str) -> str:
        """The page of the log of the tests in an environment; "" without one, also for a row of an earlier version."""
        tests = self.tests.get(environment)
        return tests.log if tests else ""

    def image(self, environment: str, part: str, states: Callable[[], Mapping[str, PartState]]) -> Image | None:
        """The image that a part gets in an environment; None if it runs none, or the artifact names it.

        A release of a commit keeps the image that runs, also one that a request has brought since the plan was made:
        `states` reads what runs.
        """
        planned = self.planned.get(environment)
        found = planned.images.get(own_name(part)) if planned else None
        if found is None or (self.release and self.release.images):
            return found
        state = states().get(part)
        return (state.running.image if state and state.running else None) or found

    def is_whole_in(self, environment: str) -> bool:
        """Whether an environment that it passes has been tested with all parts of its commit; pinned ones are not."""
        whole = self.request is None or self.request.parts == "all"
        stages = self.plan.stages if self.plan else ()
        pinned = any(stage.pinned for stage in stages if stage.environment == environment)
        return whole and not pinned and self.release is not None and not self.release.emergency


# Prefix of an attribute's name, before an environment or a statement's name → field of DeploymentRecord, in camelCase.
_OF_ENVIRONMENT = {
    "planned_": "planned",
    "gates_": "gatesAfter",
    "tests_": "tests",
    "performance_": "performance",
    "baseline_": "baseline",
    "rollback_": "rollback",
    "signed_": "signed",
}


def grouped(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the deployments table, with its attributes per environment grouped into mappings, ready to decode."""
    found: dict[str, Any] = {name: {} for name in _OF_ENVIRONMENT.values()}
    for key, value in row.items():
        prefix = next((one for one in _OF_ENVIRONMENT if key.startswith(one)), "")
        if prefix:
            found[_OF_ENVIRONMENT[prefix]][key.removeprefix(prefix)] = value
        else:
            found[key] = value
    return found
