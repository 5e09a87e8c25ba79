"""AwaitRollout: a rollout that AWS performs is awaited until it is no longer under way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.clock import iso
from functions.adapters.waits_table import WaitsTable
from functions.domain.rollouts import Rollout
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT
from tests.functions.stack import Stack
from tests.functions.targets.parameter import calls_of_parameters, parameter, progresses, slow_news

__all__ = ["calls_of_parameters", "parameter"]

pytestmark = pytest.mark.usefixtures("parameter", "calls_of_parameters")
LATER, OVER = (iso(datetime.now(UTC) + timedelta(hours=hours)) for hours in (10, -1))


def wait(stack: Stack, token: str = "token", until: str = LATER, *, running: bool = True) -> dict[str, Any]:
    """Run the handler; returns the completed tokens."""
    known = [one.execution for one in kept(stack)]
    execution = known[0] if known else stack.execution("stage", f"{DEPLOYMENT}-production")
    if not running:
        stack.kill(execution)
    given = {
        "taskToken": token,
        "execution": execution,
        "deploymentId": DEPLOYMENT,
        "environment": ENVIRONMENT,
        "part": slow_news(),
        "rollout": Rollout("underway", "2", 0, "a-rollout"),
        "until": until,
    }
    stack.run("shared.await_rollout", given)
    return stack.completed()


def kept(stack: Stack) -> Any:
    """The waits of production."""
    return WaitsTable.connect(stack.clients).of_environment("production")


def test_a_rollout_under_way_is_waited_for(stack: Stack) -> None:
    """R12: the newest token is stored under the environment and the execution."""
    assert wait(stack) == {}
    assert wait(stack, "token-2") == {}
    (found,) = kept(stack)
    assert (str(found.key), found.token) == (f"rollout/production/{DEPLOYMENT}-production", "token-2")


@pytest.mark.parametrize(("outcome", "percent"), [("paused", 50), ("done", 100), ("failed", 100)])
def test_a_rollout_that_changed_already_is_not_waited_for(stack: Stack, outcome: str, percent: int) -> None:
    """Its event came before the token was stored, or was lost: the target is asked."""
    progresses(stack, outcome)
    answer = wait(stack)["token"]
    assert (answer["outcome"], answer["percent"], answer["version"]) == (outcome, percent, "2")
    assert kept(stack) == ()


def test_a_rollout_has_the_time_of_the_services(stack: Stack) -> None:
    """P10: afterwards it has failed, and the reason names rollout and time."""
    answer = wait(stack, until=OVER)["token"]
    assert answer["outcome"] == "failed"
    assert answer["reason"] == f"a-rollout is still under way, and its time ended at {OVER}"
    assert kept(stack) == ()


def test_an_execution_that_has_ended_waits_no_longer(stack: Stack) -> None:
    """P9: nothing is stored for it."""
    assert wait(stack, running=False)["token"]["outcome"] == "failed"
    assert kept(stack) == ()
