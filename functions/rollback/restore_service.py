"""RestoreService: restore the earlier version of a service, and record it once all requests meet it."""

from dataclasses import dataclass

from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Environment, PartState
from functions.domain.locks import Lease
from functions.domain.rollback import Step, after_rollback
from functions.domain.rollouts import Rollout
from functions.handler import Handler
from functions.targets.registry import Targets


@dataclass(frozen=True, slots=True)
class Input:
    """The step to make."""

    deployment_id: str
    environment: Environment
    step: Step
    lease: Lease


HANDLER = Handler(allow=(*EnvironmentsTable.WRITE, *Targets.READ, *Targets.CHANGE), timeout_seconds=60)


def restore_service(event: Input, environments: EnvironmentsTable, targets: Targets) -> Rollout:
    """Restore the version, or begin to; a repetition goes on with what is left."""
    name = event.environment.name
    environments.fence(name, event.lease)
    rollout = targets.called(event.step.part).restore(event.environment, event.step)
    if rollout.outcome != "done":
        return rollout
    known = environments.parts(name).get(event.step.part.name) or PartState(name, event.step.part.name)
    environments.save(after_rollback(known, event.step), event.lease)
    return rollout
