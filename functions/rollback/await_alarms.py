"""AwaitAlarms: store the task token for the critical alarms, then read them; ends when none is in ALARM, or late (R5).

The result of the rollback is known by then and does not depend on this: an alarm leaves ALARM only when the bad data
has left its evaluation range, however well the restored version is.
"""

from datetime import timedelta

from msgspec import field

from functions.adapters.clock import Clock, iso
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.executions import Executions
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain import budgets
from functions.domain.environments import Environment
from functions.domain.values import Value
from functions.domain.waits import AlarmsFacts, AlarmsKey, Wait
from functions.domain.watches import Accepted, Quiet, clear_after, quiet
from functions.handler import Handler, decode, encode
from functions.procedures.waits import KEEP, keep


class Input(Value, frozen=True):
    """The environment, and the start of the rollback (ISO 8601); `accepted` alarms are not awaited.

    `repository` is that of the release: alarms of parts of others are not awaited, either.
    """

    task_token: str
    execution: str
    deployment_id: str
    environment: Environment
    started_at: str
    accepted: Accepted = field(default_factory=Accepted)
    repository: str = ""


# What is left of the budget for the states that follow.
_RESERVE_SECONDS = 60
HANDLER = Handler(allow=(*KEEP, *EnvironmentHealth.READ, *TaskTokens.COMPLETE), timeout_seconds=50)


def await_alarms(
    event: Input,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    executions: Executions,
    clock: Clock,
) -> Quiet:
    """Store the token, then read the alarms: the event or the reading notices an alarm that changes between the two.

    The first call sets the deadline: when the ranges of the alarms have passed, within the rollback's budget.
    """
    key = AlarmsKey(event.environment.name, event.execution.rsplit(":", 1)[-1])
    known = waits.find(key)
    until = decode(AlarmsFacts, known.facts).until if known else _deadline(event, health, clock)
    facts = encode(AlarmsFacts(event.environment, until, event.accepted, event.repository))
    wait = Wait(key, event.task_token, event.execution, event.environment.name, facts)
    if not keep(wait, waits, executions, clock):
        over = Quiet("waiting", f"{event.execution} has ended and no longer waits")
        tokens.succeed(event.task_token, over)
        return over
    alarms = health.alarms(event.environment, event.repository)
    found = quiet(alarms, now=clock.text(), until=until, accepted=event.accepted)
    if found.outcome != "waiting" and tokens.succeed(event.task_token, found):
        waits.forget(key)
    return found


def _deadline(event: Input, health: EnvironmentHealth, clock: Clock) -> str:
    now = clock.now()
    most = max(0.0, budgets.rest(event.started_at, iso(now), budgets.ROLLBACK) - _RESERVE_SECONDS)
    alarms = health.alarms(event.environment, event.repository)
    return iso(now + timedelta(seconds=clear_after(alarms, most, event.accepted)))
