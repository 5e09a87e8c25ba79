"""AwaitRollout: store the task token for AWS's event of a rollout, then ask how far the rollout is (R12, P10)."""

from functions.adapters.clock import Clock
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.environments import Environment
from functions.domain.manifests import Part
from functions.domain.rollouts import Rollout
from functions.domain.values import Value
from functions.domain.waits import RolloutKey, Wait
from functions.handler import Handler, encode
from functions.procedures.rollouts import RolloutFacts, progress
from functions.procedures.waits import KEEP, keep
from functions.targets.registry import Targets


class Input(Value, frozen=True):
    """The rollout, or the way back, that is under way, and the end of its time (ISO 8601)."""

    task_token: str
    execution: str
    deployment_id: str
    environment: Environment
    part: Part
    rollout: Rollout
    until: str


HANDLER = Handler(allow=(*KEEP, *TaskTokens.COMPLETE, *Targets.READ), timeout_seconds=50)


def await_rollout(
    event: Input, waits: WaitsTable, targets: Targets, tokens: TaskTokens, executions: Executions, clock: Clock
) -> Rollout:
    """Store the token, then ask: the event or the answer notices a change between the two.

    A rollout that is still under way at the end of its time has failed.
    """
    environment, part, rollout = event.environment, event.part, event.rollout
    key = RolloutKey(environment.name, event.execution.rsplit(":", 1)[-1])
    facts = RolloutFacts(environment, part, rollout)
    wait = Wait(key, event.task_token, event.execution, environment.name, encode(facts))
    if not keep(wait, waits, executions, clock):
        reason = f"{event.execution} has ended and no longer waits"
        over = Rollout("failed", rollout.version, rollout.percent, rollout.handle, reason)
        tokens.succeed(event.task_token, over)
        return over
    found = progress(facts, targets)
    if found.outcome == "underway" and clock.text() >= event.until:
        reason = f"{rollout.handle or rollout.version} is still under way, and its time ended at {event.until}"
        found = Rollout("failed", found.version, found.percent, found.handle, reason)
    if found.outcome != "underway" and tokens.succeed(event.task_token, found):
        waits.forget(key)
    return found
