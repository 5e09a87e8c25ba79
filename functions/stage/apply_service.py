"""ApplyService: begin to deploy the release's version of a service, by calls of its target."""

from functions.adapters.artifacts import Artifacts
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.signatures import Signatures
from functions.domain.rollouts import Rollout
from functions.handler import Handler
from functions.procedures.changes import CHANGE, MEMORY_MB, ServiceChange, change_of
from functions.targets.registry import Targets

HANDLER = Handler(allow=CHANGE, timeout_seconds=240, memory_mb=MEMORY_MB)


def apply_service(
    event: ServiceChange,
    artifacts: Artifacts,
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
    signatures: Signatures,
    targets: Targets,
) -> Rollout:
    """Deploy the version, or its first step; a repetition has the same result."""
    change = change_of(event, artifacts, environments, deployments, signatures)
    return targets.called(event.part).apply(change)
