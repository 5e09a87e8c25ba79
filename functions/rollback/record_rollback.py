"""RecordRollback: record the result and times of a rollback; the result `unknown` freezes the environment."""

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze
from functions.domain.events import RollbackFinished
from functions.domain.reasons import readable
from functions.domain.records import RollbackRecord
from functions.domain.releases import Release
from functions.domain.rollback import RollbackResult
from functions.domain.values import Value
from functions.handler import Handler


class Input(Value, frozen=True):
    """The end of a rollback; times are ISO 8601 and are the rollback clock (R9).

    `verified_at` is when the result was read; empty if nothing could be read.
    """

    deployment_id: str
    release: Release
    environment: str
    result: RollbackResult
    reason: str
    cause: str
    breached_at: str
    started_at: str
    verified_at: str = ""


HANDLER = Handler(allow=(*EnvironmentsTable.WRITE, *DeploymentsTable.WRITE))


def record_rollback(
    event: Input, environments: EnvironmentsTable, deployments: DeploymentsTable, clock: Clock
) -> RollbackFinished:
    """Record the result. A restored environment is unfrozen if an earlier rollback of this deployment froze it."""
    now, why, cause = clock.text(), readable(event.reason), readable(event.cause)
    if event.result == "unknown":
        reason = f"the rollback of {event.deployment_id} ended unknown: {why}"
        environments.freeze(event.environment, Freeze(reason, f"rollback of {event.deployment_id}", now))
    elif event.result == "restored":
        frozen = environments.frozen(event.environment)
        if frozen and frozen.by == f"rollback of {event.deployment_id}":
            environments.freeze(event.environment, None)
    # Of what it undid, nothing keeps an older release out any more.
    environments.forget_passed(event.environment, event.release.repository, event.deployment_id, event.release.images)
    deployments.forget_passed(event.environment, event.release)
    verified = event.verified_at or now
    facts = RollbackRecord(event.result, why, cause, event.breached_at, event.started_at, verified)
    # If the deployment has concluded, nothing else changes its status from "rolling back".
    deployments.note(event.deployment_id, status=event.result, **{f"rollback_{event.environment}": facts})
    return RollbackFinished(
        event.deployment_id,
        event.release,
        event.environment,
        event.result,
        why,
        cause,
        event.breached_at,
        event.started_at,
        verified,
    )
