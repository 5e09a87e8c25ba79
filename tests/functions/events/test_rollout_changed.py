"""AWS's event about a service deployment ends the waits for rollouts that changed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from functions.adapters.waits_table import WaitsTable
from functions.domain.errors import BadInputError
from functions.domain.rollouts import Rollout
from functions.domain.waits import RolloutKey, UnfreezeKey, Wait
from functions.handler import encode
from functions.procedures.rollouts import RolloutFacts
from tests.functions.samples import ENVIRONMENT
from tests.functions.stack import ACCOUNT, REGION, Stack, failing
from tests.functions.targets.parameter import calls_of_parameters, parameter, progresses, slow_news

__all__ = ["calls_of_parameters", "parameter"]

pytestmark = pytest.mark.usefixtures("parameter", "calls_of_parameters")


def waiting(stack: Stack, name: str = "main-1", region: str = REGION) -> str:
    """Store the wait for a rollout; returns its key."""
    key = RolloutKey("production", name)
    facts = RolloutFacts(replace(ENVIRONMENT, region=region), slow_news(), Rollout("underway", "2", 0, "a-rollout"))
    wait = Wait(key, f"token-{name}", "arn:e", "production", encode(facts))
    WaitsTable.connect(stack.clients).store(wait, datetime.now(UTC))
    return str(key)


def changed(stack: Stack, **event: Any) -> list[str]:
    """Run the handler for an event; returns the keys of the ended waits.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
    """
    given = {"account": ACCOUNT, "region": REGION, "source": "aws.ecs", "detail-type": "ECS Hook State Change"}
    ended: list[str] = stack.run("events.rollout_changed", {**given, **event})["ended"]
    return ended


def test_a_rollout_that_is_paused_ends_its_wait(stack: Stack) -> None:
    """R12: with what its target says, once; other kinds of waits stay."""
    key = waiting(stack)
    other = Wait(UnfreezeKey("production", "main-2"), "another", "arn:e", "production")
    WaitsTable.connect(stack.clients).store(other, datetime.now(UTC))
    progresses(stack, "paused")
    assert changed(stack) == [key]
    assert stack.completed() == {
        "token-main-1": {"outcome": "paused", "version": "2", "percent": 50, "handle": "a-rollout", "reason": ""}
    }
    assert changed(stack) == []
    assert len(WaitsTable.connect(stack.clients).of_environment("production")) == 1


def test_a_rollout_that_is_still_under_way_is_waited_for(stack: Stack) -> None:
    """The event may be about another service."""
    waiting(stack)
    assert changed(stack) == []
    assert stack.completed() == {}


def test_only_rollouts_of_its_account_and_region_are_asked_about(stack: Stack) -> None:
    """Names are unique in one account and region only."""
    waiting(stack, region="us-east-1")
    progresses(stack, "done")
    assert changed(stack) == []
    assert changed(stack, account="999999999999", region="us-east-1") == []
    assert changed(stack, region="us-east-1") == ["rollout/production/main-1"]


def test_one_that_cannot_be_read_does_not_stop_the_others(stack: Stack) -> None:
    """The error at the end names what was not read, so that the event is tried again."""
    waiting(stack)
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetParameters")
    with failing(stack.client("ssm"), "GetParameters", denied), pytest.raises(ExceptionGroup, match="rollout/prod"):
        changed(stack)


@pytest.mark.parametrize("event", [{"account": None}, {"region": 7}])
def test_an_event_of_another_format_is_refused(stack: Stack, event: dict[str, Any]) -> None:
    """The error says what was expected."""
    with pytest.raises(BadInputError, match="correct the event rule"):
        changed(stack, **event)
