"""Freeze: freeze an environment whose rollback could not record its end; the result is `unknown` (R5)."""

from functions.adapters.clock import Clock
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze
from functions.domain.events import RollbackFinished
from functions.domain.reasons import plain_reason
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.handler import Handler


class Input(Value, frozen=True):
    """The rollback; `reason` is the error that kept it from recording its end. Times are ISO 8601."""

    deployment_id: str
    release: Release
    environment: str
    reason: str
    cause: str
    breached_at: str
    started_at: str


HANDLER = Handler(allow=EnvironmentsTable.UPDATE)


def freeze(event: Input, environments: EnvironmentsTable, clock: Clock) -> RollbackFinished:
    """Freeze with one write to one table, so that the error of the record is unlikely to stop it, too."""
    now, cause = clock.text(), plain_reason(event.cause)
    reason = f"the end of the rollback of {event.deployment_id} could not be recorded: {plain_reason(event.reason)}"
    environments.freeze(event.environment, Freeze(reason, f"rollback of {event.deployment_id}", now))
    return RollbackFinished(
        event.deployment_id,
        event.release,
        event.environment,
        "unknown",
        reason,
        cause,
        event.breached_at,
        event.started_at,
        now,
    )
