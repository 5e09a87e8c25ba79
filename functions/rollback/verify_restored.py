"""VerifyRestored: read back versions and health, and decide the result of the rollback (R5)."""

from typing import Literal

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Environment, PartState
from functions.domain.releases import Release
from functions.domain.rollback import Compensation, ReadBack, RollbackResult, in_force, verdict
from functions.domain.values import Value
from functions.domain.watches import Sampling, judge_health
from functions.handler import Handler
from functions.targets.registry import Targets


class Input(Value, frozen=True):
    """The environment that was rolled back."""

    deployment_id: str
    release: Release
    environment: Environment


class Output(Value, frozen=True):
    """The result of the rollback, the reason, and when it was read (ISO 8601).

    `unhealthy`: the versions are restored, but a service is not healthy yet. The workflow verifies again; `result` is
    that of a rollback whose services stay so.
    """

    outcome: Literal["settled", "unhealthy"]
    result: RollbackResult
    reason: str
    verified_at: str


HANDLER = Handler(allow=(*DeploymentsTable.READ, *EnvironmentHealth.READ, *Targets.READ), timeout_seconds=50)


def verify_restored(
    event: Input,
    deployments: DeploymentsTable,
    environments: EnvironmentsTable,
    targets: Targets,
    health: EnvironmentHealth,
    clock: Clock,
) -> Output:
    """Decide by what runs and by the health of what went back; alarms are awaited afterwards and decide nothing."""
    name = event.environment.name
    states = environments.parts(name)
    ledger = in_force(deployments.ledger(event.deployment_id), name, event.deployment_id, states)
    went_back = {c.part.name for c in ledger if c.before is not None}
    result, reason = verdict([_read_back(event.environment, entry, states, targets) for entry in ledger])
    if result == "unknown":
        return Output("settled", result, reason, clock.text())
    probes = health.probes(event.environment, states.keys() - went_back)
    outcome, unhealthy = judge_health(probes, Sampling())
    if outcome == "unhealthy":
        return Output("unhealthy", "unknown", unhealthy, clock.text())
    return Output("settled", result, reason, clock.text())


def _read_back(
    environment: Environment,
    entry: Compensation,
    states: dict[str, PartState],
    targets: Targets,
) -> ReadBack:
    """The version that a part runs now, read by the target of its restored definition; a first release has none."""
    part = entry.definition_before or entry.part
    if entry.before is None:
        return ReadBack(part.name, None, None, None)
    found = targets.of(part).read_back(environment, part, states.get(part.name))
    image = entry.before.image
    tag = image.label if image else ""
    return ReadBack(part.name, entry.before.version, found, None, entry.before.commit, tag)
