"""ContinueRollout: take the next step of a rollout whose last step was watched and is healthy (R12)."""

from functions.adapters.artifacts import Artifacts
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.signatures import Signatures
from functions.domain.rollouts import Rollout
from functions.handler import Handler
from functions.procedures.changes import CHANGE, MEMORY_MB, ServiceChange, change_of
from functions.targets.registry import Targets


class Input(ServiceChange, frozen=True):
    """The service, and its rollout as it was paused."""

    rollout: Rollout


HANDLER = Handler(allow=CHANGE, timeout_seconds=240, memory_mb=MEMORY_MB)


def continue_rollout(
    event: Input,
    artifacts: Artifacts,
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
    signatures: Signatures,
    targets: Targets,
) -> Rollout:
    """Take the step; a repetition takes no second one."""
    change = change_of(event, artifacts, environments, deployments, signatures)
    return targets.called(event.part).proceed(change, event.rollout)
