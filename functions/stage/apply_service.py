"""ApplyService: publish the release's code as a new version, and move the alias to it."""

from dataclasses import dataclass

from functions.adapters.artifacts import Artifacts
from functions.adapters.delivered_functions import DeliveredFunctions
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Environment
from functions.domain.errors import SourceError
from functions.domain.locks import Lease
from functions.domain.manifests import Part
from functions.domain.releases import Release
from functions.handler import Handler
from functions.stage.write_ledger import function_name


@dataclass(frozen=True, slots=True)
class Input:
    """The service, and the artifact that holds its code."""

    deployment_id: str
    release: Release
    environment: Environment
    part: Part
    artifact: str
    lease: Lease


@dataclass(frozen=True, slots=True)
class Output:
    """The version that the alias points to now."""

    version: str


HANDLER = Handler(
    allow=(*Artifacts.READ, *EnvironmentsTable.WRITE, *DeploymentsTable.READ, *DeliveredFunctions.USE),
    timeout_seconds=240,
    memory_mb=512,
)


def apply_service(
    event: Input,
    artifacts: Artifacts,
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
    functions: DeliveredFunctions,
) -> Output:
    """The same code publishes the same version, so a repetition ends in the same place."""
    environments.fence(event.environment.name, event.lease)
    record = deployments.get(event.deployment_id)
    judged = record.artifact_digest if record else ""
    code = artifacts.member(event.artifact, event.part.artifact, judged)
    if code is None:
        raise SourceError(
            f"{event.part.name}: {event.part.artifact} is not in the build's artifact; "
            "list it under artifacts in the buildspec"
        )
    name = function_name(event.environment, event.part)
    version = functions.publish(event.environment, name, code, event.release.commit)
    environments.fence(event.environment.name, event.lease)
    functions.point(event.environment, name, event.part.alias, version)
    return Output(version)
