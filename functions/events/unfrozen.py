"""An unfreeze, by a person or by a restored rollback, lets the releases go on that wait for it (P12)."""

from typing import Any

from functions.adapters.bus import read_event
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.admissions import Admission
from functions.domain.errors import BadInputError
from functions.domain.events import EnvironmentUnfrozen, RollbackFinished
from functions.domain.waits import UnfreezeKey
from functions.handler import Handler

HANDLER = Handler(allow=(*WaitsTable.FIND, *WaitsTable.END, *EnvironmentsTable.READ, *TaskTokens.COMPLETE))


def unfrozen(
    event: dict[str, Any], waits: WaitsTable, environments: EnvironmentsTable, tokens: TaskTokens
) -> dict[str, list[str]]:
    """End the waits of the environment unless it is frozen; returns their keys. A repeated event ends nothing more."""
    happened = read_event(event)
    if not isinstance(happened, EnvironmentUnfrozen | RollbackFinished):
        raise BadInputError(f"event bus: received {type(happened).__name__}: correct the event rule")
    if environments.frozen(happened.environment):
        return {"ended": []}
    ended = []
    for wait in waits.of_environment(happened.environment):
        if isinstance(wait.key, UnfreezeKey):
            tokens.succeed(wait.token, Admission("unfrozen"))
            waits.forget(wait.key)
            ended.append(str(wait.key))
    return {"ended": ended}
