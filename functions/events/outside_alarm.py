"""`POST /alarms/{environment}`: a monitor outside AWS reports an alarm of that environment (R11).

The header `X-Kiro-Timestamp` holds Unix seconds; `X-Kiro-Signature` holds `sha256=` and the hexadecimal HMAC-SHA256,
with the secret `monitors`, of timestamp, a dot, the environment, a dot, and the raw body. A monitor that can't sign
sends the header `Authorization: Bearer {monitor}.{token}` instead, with its token for this environment.

401 no or wrong signature or token, or too old · 404 no such environment · 400 not the documented format · 413 too large
202 recorded, older than the recorded report, or a state that says neither
"""

from datetime import UTC, datetime
from typing import Any

from functions.adapters.clock import Clock, iso
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environment_names import EnvironmentNames
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.secrets import MonitorsSecret
from functions.adapters.signed_requests import Refusal, answer, read_body, read_headers, verify
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.errors import BadInputError
from functions.domain.outside_alarms import (
    TOLERANCE_SECONDS,
    is_timely,
    read_alarm,
    read_monitor,
    read_token,
    signed,
    tokened,
)
from functions.domain.watches import AlarmChange, Monitor
from functions.handler import Handler
from functions.procedures.watches import END, end_concerned

HANDLER = Handler(allow=(*MonitorsSecret.READ, *EnvironmentsTable.WRITE, *END), timeout_seconds=30)
_LIMIT = 64 * 1024


def outside_alarm(
    event: dict[str, Any],
    secret: MonitorsSecret,
    names: EnvironmentNames,
    environments: EnvironmentsTable,
    waits: WaitsTable,
    health: EnvironmentHealth,
    tokens: TaskTokens,
    clock: Clock,
) -> dict[str, Any]:
    """Verify the signature or the token, record the report, and end the waits that it concerns.

    Before that is verified, only the secret is read.
    """
    headers = read_headers(event)
    environment = str(event.get("pathParameters", {}).get("environment", ""))
    timestamp, signature = headers.get("x-kiro-timestamp", ""), headers.get("x-kiro-signature", "")
    monitor, mark = read_token(headers.get("authorization", ""))
    if monitor:
        timestamp = str(int(clock.now().timestamp()))
    elif not timestamp or not signature.startswith("sha256="):
        return answer(
            401,
            "unsigned: the headers X-Kiro-Timestamp and X-Kiro-Signature (sha256=…) are required, "
            "or Authorization with the token of a monitor",
        )
    body = read_body(event, _LIMIT)
    if isinstance(body, Refusal):
        return answer(body.status, body.message)
    if not is_timely(timestamp, clock.now().timestamp()):
        return answer(401, f"X-Kiro-Timestamp must be Unix seconds, at most {TOLERANCE_SECONDS} s from now")
    message = tokened(monitor, environment) if monitor else signed(timestamp, environment, body)
    if not verify(secret.values(), message, f"sha256={mark}" if monitor else signature):
        what = f"token of {monitor} for {environment}" if monitor else "signature"
        return answer(401, f"wrong {what}: the monitor's secret differs from the secret `monitors`")
    if environment not in names.names:
        return answer(404, f"no environment is called {environment!r}; there are {', '.join(names.names)}")
    try:
        at = iso(datetime.fromtimestamp(int(timestamp), UTC))
        alarm = read_monitor(body, at, monitor) if monitor else read_alarm(body, at)
    except BadInputError as error:
        return answer(400, str(error))
    if alarm is None:
        return answer(202, "the state is neither that of an alarm nor of its end; nothing was changed")
    if not environments.note_outside(environment, alarm):
        return answer(202, f"{alarm.name}: a later report is recorded already; nothing was changed")
    change = AlarmChange(Monitor(environment), alarm.name, alarm.state, alarm.reason, alarm.at)
    ended = end_concerned(change, names, waits, health, tokens, clock)
    return answer(202, f"{alarm.name} is {alarm.state} in {environment}; {len(ended)} waits ended")
