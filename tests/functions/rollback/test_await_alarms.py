"""AwaitAlarms: quiet, waiting, or in alarm at the deadline; the result of the rollback does not depend on it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.clock import iso
from functions.adapters.waits_table import WaitsTable
from functions.domain.budgets import ROLLBACK
from functions.domain.waits import AlarmsKey
from tests.functions.delivered import alarm, composite
from tests.functions.samples import DEPLOYMENT, EXECUTION, environment
from tests.functions.stack import READ_ROLE, REGION, Stack

RESTORED = environment(critical_alarms=["errors"], warning_alarms=["cpu"])
# `alarm` makes alarms of one period of 60 s, which have left ALARM after five minutes at the latest.
RANGE_SECONDS = 60 * 4 + 60


def ago(minutes: float) -> str:
    """A time before now."""
    return iso(datetime.now(UTC) - timedelta(minutes=minutes))


def wait(stack: Stack, token: str = "token", started: str = "", **changes: Any) -> Any:
    """Run the handler."""
    wanted = {
        "taskToken": token,
        "execution": EXECUTION,
        "deploymentId": DEPLOYMENT,
        "environment": RESTORED,
        "startedAt": started or ago(0),
    }
    return stack.run("rollback.await_alarms", {**wanted, **changes})


def deadline(stack: Stack) -> datetime:
    """The deadline in the stored wait."""
    found = WaitsTable.connect(stack.clients).find(AlarmsKey("production", "main-1"))
    assert found
    return datetime.fromisoformat(found.facts["until"])


def waiting(stack: Stack) -> list[str]:
    """The stored waits."""
    return [str(wait.key) for wait in WaitsTable.connect(stack.clients).of_environment("production")]


@pytest.mark.parametrize("reads", ["OK", "INSUFFICIENT_DATA"])
def test_alarms_that_have_left_alarm_end_the_wait(stack: Stack, reads: str) -> None:
    """Warnings are not awaited."""
    alarm(stack, "errors", reads)
    alarm(stack, "cpu", "ALARM")
    assert wait(stack)["outcome"] == "quiet"
    assert stack.completed() == {"token": {"outcome": "quiet", "reason": ""}}
    assert waiting(stack) == []


def test_an_alarm_is_awaited_until_its_range_has_passed(stack: Stack) -> None:
    """R5: the first reading sets the deadline, and later ones keep it; an alarm that is OK then ends the wait."""
    alarm(stack, "errors", "ALARM")
    before = datetime.now(UTC)
    assert wait(stack)["outcome"] == "waiting"
    until = deadline(stack)
    assert before <= until - timedelta(seconds=RANGE_SECONDS) <= datetime.now(UTC) + timedelta(seconds=1)
    assert wait(stack, "token-2")["outcome"] == "waiting"
    assert deadline(stack) == until
    assert waiting(stack) == ["alarms/production/main-1"]
    assert stack.completed() == {}
    alarm(stack, "errors", "OK")
    assert wait(stack, "token-3")["outcome"] == "quiet"
    assert list(stack.completed()) == ["token-3"]


def test_a_wait_ends_within_the_budget_of_the_rollback(stack: Stack) -> None:
    """An alarm with a longer range, or one whose range is not known, is awaited for what is left of the budget."""
    cloudwatch = stack.clients.client("cloudwatch", region=REGION, role_arn=READ_ROLE)
    composite("errors", "ALARM(gone)")
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="gone is in ALARM")
    wait(stack, started=ago(5))
    left = deadline(stack) - datetime.now(UTC)
    assert timedelta(minutes=ROLLBACK - 7) < left < timedelta(minutes=ROLLBACK - 5)


def test_an_alarm_that_stays_in_alarm_is_named(stack: Stack) -> None:
    """R5: at the deadline the wait ends with its name and reason; the workflow keeps the result."""
    alarm(stack, "errors", "ALARM")
    answer = wait(stack, started=ago(ROLLBACK))
    assert answer["outcome"] == "in alarm"
    assert answer["reason"].startswith("alarm errors is still in ALARM at ")
    assert answer["reason"].endswith(": above 5. Check its cause")
    assert stack.completed()["token"] == answer
    assert waiting(stack) == []


def test_an_accepted_alarm_is_not_awaited(stack: Stack) -> None:
    """R1: it was in ALARM before the release; one that is in ALARM anew is awaited."""
    alarm(stack, "errors", "ALARM")
    accepted = {"names": ["errors"], "at": "2999-01-01T00:00:00.000Z"}
    assert wait(stack, accepted=accepted)["outcome"] == "quiet"
    assert wait(stack, accepted={**accepted, "at": ago(1)})["outcome"] == "waiting"


def test_an_execution_that_has_ended_waits_no_more(stack: Stack) -> None:
    """P9: nobody would use the token, so nothing is stored."""
    alarm(stack, "errors", "ALARM")
    gone = stack.execution("rollback", "main-gone")
    stack.kill(gone)
    assert wait(stack, execution=gone)["outcome"] == "waiting"
    assert waiting(stack) == []
