"""AwaitUnfreeze: store the task token for the unfreeze, then read whether the environment is still frozen (P12)."""

from functions.adapters.bus import Bus
from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.admissions import Admission, Held, admission, is_newer, superseded
from functions.domain.environments import Environment
from functions.domain.events import StageHeld
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.domain.waiting import for_unfreeze
from functions.domain.waits import UnfreezeKey, Wait
from functions.handler import Handler, decode, encode
from functions.procedures.entry import SHOW, show
from functions.procedures.locks import overtaken_by
from functions.procedures.waits import KEEP, keep


class Input(Value, frozen=True):
    """The release that waits, the environment it may not enter, and since when (ISO 8601) it has waited there."""

    task_token: str
    execution: str
    deployment_id: str
    release: Release
    environment: Environment
    since: str


HANDLER = Handler(allow=(*KEEP, *WaitsTable.FIND, *EnvironmentsTable.READ, *SHOW, *TaskTokens.COMPLETE))


def await_unfreeze(
    event: Input,
    waits: WaitsTable,
    environments: EnvironmentsTable,
    deployments: DeploymentsTable,
    bus: Bus,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> None:
    """Store the token, then read the freeze: the event of the unfreeze or the reading notices one between the two.

    A newer release of the same repository that reaches the environment, or waits here, ends the wait of an older one,
    whichever comes first.
    """
    environment = event.environment
    ours = Held(event.deployment_id, event.release.repository, event.release.order, event.since)
    key = UnfreezeKey(environment.name, event.execution.rsplit(":", 1)[-1])
    announced = waits.find(key) is not None
    wait = Wait(key, event.task_token, event.execution, environment.name, encode(ours))
    if not keep(wait, waits, executions, clock):
        tokens.succeed(event.task_token, Admission("held", "its deployment was stopped"))
        return
    others = _others(wait, waits, executions)
    freeze = environments.frozen(environment.name)
    newer = overtaken_by(ours.repository, ours.order, environment.name, environments, executions)
    reached = Admission("superseded", newer) if newer else None
    end = reached or admission(ours, [held for _, held in others], freeze, environment, clock.now())
    for older in (other for other, held in others if is_newer(ours, held)):
        tokens.succeed(older.token, superseded(ours, environment))
        waits.forget(older.key)
    if end:
        tokens.succeed(event.task_token, end)
        waits.forget(key)
    elif freeze:
        lift = for_unfreeze(environment.name, freeze)
        held = StageHeld(
            event.deployment_id, event.release, environment.name, lift.text, event.since, lift.whom, lift.next
        )
        show(held, "waiting for unfreeze", deployments, bus, repeated=announced)


def _others(ours: Wait, waits: WaitsTable, executions: Executions) -> list[tuple[Wait, Held]]:
    """The other releases that wait here; a wait whose execution has ended supersedes nothing."""
    found = (wait for wait in waits.of_environment(ours.environment) if isinstance(wait.key, UnfreezeKey))
    return [
        (wait, decode(Held, wait.facts))
        for wait in found
        if wait.key != ours.key and executions.is_running(wait.execution)
    ]
