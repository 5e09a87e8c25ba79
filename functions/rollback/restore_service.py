"""RestoreService: restore the earlier version of a service, and record it once all requests meet it."""

from functions.adapters.artifacts import Artifacts
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.signatures import Signatures
from functions.domain.environments import Environment, PartState
from functions.domain.locks import Lease
from functions.domain.rollback import Step, after_rollback
from functions.domain.rollouts import Rollout
from functions.domain.values import Value
from functions.handler import Handler
from functions.procedures.provenance import VERIFY, of_version
from functions.targets.registry import Targets


class Input(Value, frozen=True):
    """The step to make."""

    deployment_id: str
    environment: Environment
    step: Step
    lease: Lease


HANDLER = Handler(allow=(*EnvironmentsTable.WRITE, *VERIFY, *Targets.READ, *Targets.CHANGE), timeout_seconds=60)


def restore_service(
    event: Input,
    environments: EnvironmentsTable,
    artifacts: Artifacts,
    deployments: DeploymentsTable,
    signatures: Signatures,
    targets: Targets,
) -> Rollout:
    """Restore the version, or begin to; a repetition goes on with what is left.

    A ProvenanceError if its signed statement differs from the record, or from the code that the version has.
    """
    name, target = event.environment.name, targets.called(event.step.part)
    environments.fence(name, event.lease)
    signed = of_version(event.step.to, artifacts, deployments, signatures)
    if signed:
        for path, digest in target.deployed(event.environment, event.step).items():
            signed.demand(path, digest)
    rollout = target.restore(event.environment, event.step)
    if rollout.outcome != "done":
        return rollout
    known = environments.parts(name).get(event.step.part.name) or PartState(name, event.step.part.name)
    environments.save(after_rollback(known, event.step), event.lease)
    return rollout
