"""Conclude: write the result of a stage to the deployment's record; returns the event `StageFinished`."""

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.events import StageFinished
from functions.domain.reasons import readable
from functions.domain.records import StageRecord, StageResult
from functions.domain.releases import Release
from functions.domain.values import Value
from functions.handler import Handler


class Input(Value, frozen=True):
    """The end of a stage according to its execution. `waited_seconds` is the time for windows, decisions and locks.

    `queue_seconds` is its share until the lock was acquired, None if it never was. `approval_seconds` is its share
    for decisions.
    """

    deployment_id: str
    release: Release
    environment: str
    result: StageResult
    reason: str
    started_at: str
    waited_seconds: float = 0
    queue_seconds: float | None = None
    approval_seconds: float = 0


HANDLER = Handler(allow=(*DeploymentsTable.READ, *DeploymentsTable.WRITE))


def conclude(event: Input, deployments: DeploymentsTable, clock: Clock) -> StageFinished:
    """Write the result; a repetition writes the same result with a later time. The event has verdicts and log, too."""
    ended, reason = clock.text(), readable(event.reason)
    record = StageRecord(event.result, reason, event.started_at, ended, event.waited_seconds)
    deployments.note_stage(event.deployment_id, event.environment, record)
    deployment = deployments.get(event.deployment_id)
    return StageFinished(
        event.deployment_id,
        event.release,
        event.environment,
        event.result,
        reason,
        event.started_at,
        ended,
        event.waited_seconds,
        event.queue_seconds,
        event.approval_seconds,
        deployment.gates_after.get(event.environment, ()) if deployment else (),
        deployment.tests_log(event.environment) if deployment else "",
    )
