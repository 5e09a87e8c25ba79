"""VerifyRestored: read back versions, health and alarms, and decide the result of the rollback (R5)."""

from dataclasses import dataclass, field

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Environment, PartState
from functions.domain.errors import NotHealthyYetError
from functions.domain.releases import Release
from functions.domain.rollback import Compensation, ReadBack, RollbackResult, in_force, verdict
from functions.domain.watches import Accepted
from functions.handler import Handler
from functions.targets.registry import Targets


@dataclass(frozen=True, slots=True)
class Input:
    """The environment that was rolled back; `accepted` alarms were in ALARM before the release."""

    deployment_id: str
    release: Release
    environment: Environment
    accepted: Accepted = field(default_factory=Accepted)


@dataclass(frozen=True, slots=True)
class Output:
    """The result of the rollback, and the reason."""

    result: RollbackResult
    reason: str


HANDLER = Handler(allow=(*DeploymentsTable.READ, *EnvironmentHealth.READ, *Targets.LOOK), timeout_seconds=50)


def verify_restored(
    event: Input,
    deployments: DeploymentsTable,
    environments: EnvironmentsTable,
    targets: Targets,
    health: EnvironmentHealth,
) -> Output:
    """Decide the result; raises NotHealthyYetError while versions are restored but alarms or services are not OK.

    Alarms need their period to become OK, so the workflow retries.
    """
    name = event.environment.name
    states = environments.parts(name)
    ledger = in_force(deployments.ledger(event.deployment_id), name, event.deployment_id, states)
    went_back = {c.part.name for c in ledger if c.before is not None}
    probes = {p.part: p for p in health.probes(event.environment) if p.part in went_back}
    read = [_read_back(event.environment, entry, states, targets) for entry in ledger]
    result, reason = verdict(read)
    if result == "unknown":
        return Output(result, reason)
    unhealthy = [f"{probe.part}: {probe.reason}" for probe in probes.values() if not probe.healthy]
    critical = (a for a in health.alarms(event.environment) if a.state == "ALARM" and a.severity == "critical")
    active = [f"alarm {alarm.name} is still in ALARM" for alarm in critical if not event.accepted.covers(alarm)]
    if (unhealthy or active) and went_back:
        raise NotHealthyYetError("; ".join(unhealthy + active))
    return Output(result, reason)


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
    return ReadBack(part.name, entry.before.version, found, None, entry.before.commit)
