"""RecordPart: record the version of a part that runs now, and its outputs for the parts after it."""

from functions.adapters.artifacts import Artifacts
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import PartState, Version
from functions.domain.locks import Lease
from functions.domain.manifests import Part
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.handler import Handler
from functions.targets.registry import Targets


class Input(Value, frozen=True):
    """The change that was made; `output` is the key of the build's artifact, `digest` the SHA-256 that it has."""

    deployment_id: str
    release: Release
    environment: str
    part: Part
    version: str
    source: str
    artifact: str
    output: str
    digest: str
    lease: Lease


HANDLER = Handler(allow=(*Artifacts.READ, *DeploymentsTable.READ, *EnvironmentsTable.WRITE), memory_mb=1024)


def record_part(
    event: Input,
    artifacts: Artifacts,
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
    targets: Targets,
    clock: Clock,
) -> PartState:
    """Record the running version; the last known good stays, because this version has not passed its watch yet."""
    states = environments.parts(event.environment)
    known = states.get(event.part.name)
    outputs = targets.of(event.part).outputs(artifacts, event.output, event.digest)
    record = deployments.get(event.deployment_id)
    running = Version(
        event.release.commit,
        event.deployment_id,
        event.source,
        event.artifact,
        event.version,
        clock.text(),
        event.release.order,
        record.image(event.environment, event.part.name, lambda: states) if record else None,
        record.statement if record else "",
    )
    state = PartState(event.environment, event.part.name, running, known.good if known else None, event.part, outputs)
    environments.save(state, event.lease)
    return state
