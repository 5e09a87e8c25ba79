"""ReadRecord: compare the input of an execution with the record of its deployment, and with the stack's settings.

Who may start an execution chooses its input. What is changed, in whose name, where, and who has to approve it therefore
comes from the record, which the deployment has written, and from the definition, which has the settings.
"""

from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.locks_table import LocksTable
from functions.domain.environments import Environment
from functions.domain.errors import NotRecordedError
from functions.domain.gates import Verdict
from functions.domain.locks import Lease
from functions.domain.records import DeploymentRecord, PlannedChange
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.handler import Handler


class Named(Value, frozen=True):
    """The environment of the input, of which only the name is believed."""

    name: str


class Input(Value, frozen=True):
    """The input of the execution, and the environments of the definition.

    `planned` and `gates` are those of a stage. `lease` is the one that a stage gives to its rollback.
    """

    deployment_id: str
    release: Release
    environment: Named
    environments: tuple[Environment, ...]
    planned: PlannedChange | None = None
    gates: tuple[Verdict, ...] = ()
    lease: Lease | None = None


class Output(Value, frozen=True):
    """The release of the record, and the environment of the settings."""

    release: Release
    environment: Environment


HANDLER = Handler(allow=(*DeploymentsTable.READ, *LocksTable.READ))


def read_record(event: Input, deployments: DeploymentsTable, locks: LocksTable) -> Output:
    """Return release and environment; input that differs from the record or the settings is a NotRecordedError."""
    name, where = event.deployment_id, event.environment.name
    environment = next((one for one in event.environments if one.name == where), None)
    if environment is None:
        known = ", ".join(one.name for one in event.environments)
        raise NotRecordedError(f"{name}: {where} is no environment of this stack (known: {known})")
    record = deployments.get(name)
    if record is None or record.release is None:
        raise NotRecordedError(f"{name}: there is no record of such a deployment; start one with `kiro-worker deploy`")
    release = record.release
    if (event.release.repository, event.release.commit) != (release.repository, release.commit):
        raise NotRecordedError(
            f"{name}: delivers {release.short} of {release.repository} according to its record, not "
            f"{event.release.short} of {event.release.repository}"
        )
    if event.planned is not None:
        _compare(event, event.planned, record)
    if event.lease is not None and not _holds(event.lease, event, release, locks):
        raise NotRecordedError(f"{name}: its stage does not hold the lock of {where} with number {event.lease.fence}")
    return Output(release, environment)


def _compare(event: Input, given: PlannedChange, record: DeploymentRecord) -> None:
    """A stage changes what its deployment has planned there, from the artifact that the gates have judged."""
    name, where = event.deployment_id, event.environment.name
    planned = record.planned.get(where)
    if planned is None:
        raise NotRecordedError(f"{name}: its record has no plan for {where}; the deployment starts its stages itself")
    if replace(planned, images={}, descends_from=()) != given:
        raise NotRecordedError(f"{name}: its record has another plan for {where} than the input of the stage")
    if record.gates != event.gates:
        raise NotRecordedError(f"{name}: its record has other verdicts than the input of the stage")
    if given.artifact and not record.artifact_digest:
        raise NotRecordedError(f"{name}: its record has no digest of {given.artifact}: no gate has judged it")


def _holds(lease: Lease, event: Input, release: Release, locks: LocksTable) -> bool:
    """Whether a lease is the one with which this deployment's stage holds the lock of the environment."""
    where = event.environment.name
    key = locks.key(where, release.repository)
    lock = locks.read(key)
    stage = f"{event.deployment_id}-{where}"
    return (
        lease.key == key
        and lease.repository in ("", release.repository)
        and lease.execution.rpartition(":")[2] == stage
        and lock.owner is not None
        and (lock.owner.execution, lock.fence) == (lease.execution, lease.fence)
    )
