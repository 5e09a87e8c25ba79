"""VerifyRestored: read back what runs, how it answers and which alarms ring, and name the end of the rollback (R5)."""

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
    """The environment that went back."""

    deployment_id: str
    release: Release
    environment: Environment
    accepted: Accepted = field(default_factory=Accepted)


@dataclass(frozen=True, slots=True)
class Output:
    """How the rollback ended, and why it is called so."""

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
    """What is right but not well yet is a NotHealthyYetError: alarms need their period to become quiet."""
    name = event.environment.name
    states = environments.parts(name)
    ledger = in_force(deployments.ledger(event.deployment_id), name, event.deployment_id, states)
    went_back = {c.part.name for c in ledger if c.before is not None}
    probes = {p.part: p for p in health.probes(event.environment) if p.part in went_back}
    read = [_read_back(event.environment, entry, states, targets) for entry in ledger]
    result, reason = verdict(read)
    if result == "unknown":
        return Output(result, reason)
    sick = [f"{probe.part}: {probe.reason}" for probe in probes.values() if not probe.healthy]
    critical = (a for a in health.alarms(event.environment) if a.state == "ALARM" and a.severity == "critical")
    unwell = sick + [f"alarm {alarm.name} still rings" for alarm in critical if not event.accepted.covers(alarm)]
    if unwell and went_back:
        raise NotHealthyYetError("; ".join(unwell))
    return Output(result, reason)


def _read_back(
    environment: Environment,
    entry: Compensation,
    states: dict[str, PartState],
    targets: Targets,
) -> ReadBack:
    """The target of the definition that was put back says what runs; a first release had nothing to go back to."""
    part = entry.definition_before or entry.part
    if entry.before is None:
        return ReadBack(part.name, None, None, None)
    found = targets.of(part).read_back(environment, part, states.get(part.name))
    return ReadBack(part.name, entry.before.version, found, None, entry.before.commit)
