"""`POST /alarms/{environment}`: a monitor outside AWS rings; it counts as an alarm of that environment (R11).

The header `X-Kiro-Timestamp` holds Unix seconds; `X-Kiro-Signature` holds `sha256=` and the hexadecimal HMAC-SHA256,
with the secret `monitors`, of timestamp, a dot, the environment, a dot, and the raw body.

401 unsigned, wrongly signed or too old · 404 no such environment · 400 not the promised form · 413 too large
202 known now, or older than what is known
"""

from binascii import Error as Base64Error
from datetime import UTC, datetime
from typing import Any

from functions.adapters.clock import Clock, iso
from functions.adapters.environment_health import EnvironmentHealth
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.github.signature import verify
from functions.adapters.secrets import MonitorsSecret
from functions.adapters.task_tokens import TaskTokens
from functions.adapters.waits_table import WaitsTable
from functions.domain.errors import BadInputError
from functions.domain.outside_alarms import TOLERANCE_SECONDS, is_timely, read_alarm, signed
from functions.events.alarm_changed import HANDLER as CHANGED
from functions.events.alarm_changed import EnvironmentNames, alarm_changed
from functions.events.github_webhook import answer, raw_body
from functions.handler import Handler

HANDLER = Handler(allow=(*MonitorsSecret.READ, *EnvironmentsTable.WRITE, *CHANGED.allow), timeout_seconds=30)
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
    """Nothing is read but the secret before the signature is proven; then it is written, and watches look at once."""
    headers = {key.lower(): value for key, value in event.get("headers", {}).items()}
    environment = str(event.get("pathParameters", {}).get("environment", ""))
    timestamp, signature = headers.get("x-kiro-timestamp", ""), headers.get("x-kiro-signature", "")
    if not timestamp or not signature.startswith("sha256="):
        return answer(401, "unsigned: X-Kiro-Timestamp and X-Kiro-Signature (sha256=…) are both needed")
    try:
        body = raw_body(event)
    except (Base64Error, ValueError):
        return answer(400, "the body is not what its encoding says")
    if len(body) > _LIMIT:
        return answer(413, f"{len(body)} bytes, {_LIMIT} allowed")
    if not is_timely(timestamp, clock.now().timestamp()):
        return answer(401, f"X-Kiro-Timestamp must be Unix seconds, at most {TOLERANCE_SECONDS} s from now")
    if not verify(secret.values(), signed(timestamp, environment, body), signature):
        return answer(401, "wrong signature: the monitor's secret differs from the secret `monitors`")
    if environment not in names.names:
        return answer(404, f"no environment is called {environment!r}; there are {', '.join(names.names)}")
    try:
        alarm = read_alarm(body, iso(datetime.fromtimestamp(int(timestamp), UTC)))
    except BadInputError as error:
        return answer(400, str(error))
    if not environments.note_outside(environment, alarm):
        return answer(202, f"{alarm.name}: something later is known already; nothing was changed")
    ended: list[str] = []
    if alarm.state == "ALARM":
        state = {"value": alarm.state, "reason": alarm.reason}
        change = {"time": alarm.at, "detail": {"alarmName": alarm.name, "state": state}}
        ended = alarm_changed(change, names, waits, health, tokens, clock)["ended"]
    return answer(202, f"{alarm.name} is {alarm.state} in {environment}; {len(ended)} waits ended")
