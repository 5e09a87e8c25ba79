"""ReadBaseline: read the alarms before anything is changed, and decide by the settings what follows (R1).

Read before the lock is requested, so that people approve what they see, and again under the lock: an alarm that began
while the release waited for a person, a window, an unfreeze or the lock is not a fault of the release.
"""

from typing import Literal

from msgspec import field

from functions.adapters.clock import Clock
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environment_health import EnvironmentHealth
from functions.domain.environments import Environment
from functions.domain.records import BaselineRecord
from functions.domain.values import Value
from functions.domain.watches import baseline
from functions.handler import Handler


class Input(Value, frozen=True):
    """The environment to enter; `gone` are parts that the manifest no longer names.

    `approved` are the conditions (`Baseline.asked`) that a person has approved for this release, `repository` is its
    repository.
    """

    deployment_id: str
    environment: Environment
    gone: list[str] = field(default_factory=list)
    emergency: bool = False
    approved: list[str] = field(default_factory=list)
    repository: str = ""


class Output(Value, frozen=True):
    """The decision; `accepted` are the alarms that were in ALARM, and `at` is when they were read (ISO 8601).

    `asked` are the conditions that a person has to approve. `too_slow` are the alarms that the watch after the release
    is too short for: a warning, which decides nothing. `existing` are the critical alarms that exist.
    """

    outcome: Literal["clear", "ask", "block"]
    reason: str
    accepted: list[str]
    at: str
    asked: tuple[str, ...] = ()
    too_slow: tuple[str, ...] = ()
    existing: tuple[str, ...] = ()


HANDLER = Handler(allow=(*EnvironmentHealth.READ, *DeploymentsTable.WRITE), timeout_seconds=50)


def read_baseline(event: Input, health: EnvironmentHealth, deployments: DeploymentsTable, clock: Clock) -> Output:
    """Decide and record the baseline, also if the release continues."""
    at = clock.text()
    before = baseline(
        health.alarms(event.environment, event.repository, event.gone),
        event.environment.on_active_alarm,
        event.environment.on_missing_alarm_data,
        event.environment.watch_seconds,
        emergency=event.emergency,
        approved=event.approved,
    )
    facts = BaselineRecord(before.outcome, before.reason, at, before.too_slow)
    deployments.note(event.deployment_id, **{f"baseline_{event.environment.name}": facts})
    return Output(
        before.outcome, before.reason, list(before.in_alarm), at, before.asked, before.too_slow, before.existing
    )
