"""What a deployment or an item waits for, read from records, waits, locks and executions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.clock import iso
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.executions import execution_arn
from functions.adapters.locks_table import LocksTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.admissions import Held
from functions.domain.environments import Freeze
from functions.domain.locks import Contender
from functions.domain.order import Order
from functions.domain.rollouts import Rollout
from functions.domain.waits import (
    AlarmsFacts,
    AlarmsKey,
    BuildKey,
    QueuedKey,
    RolloutKey,
    UnfreezeKey,
    Wait,
    WaitKey,
    WatchFacts,
    WatchKey,
)
from functions.domain.watches import NOTHING_ACCEPTED
from functions.domain.windows import Closed
from functions.domain.work_items import Item, Record
from functions.handler import encode
from functions.procedures.rollouts import RolloutFacts
from functions.procedures.why import Why
from tests.functions.approving import ask
from tests.functions.samples import DEPLOYMENT, ENVIRONMENT, NOW, RELEASE, SERVICE, environment
from tests.functions.stack import MACHINES, Stack

STAGE = f"{DEPLOYMENT}-production"
ITEM = Item("PVTI_1", "issue", "Greet", "kiro/greet", NOW, NOW, "acme/hello-service", 7)
FACTS: dict[str, tuple[WaitKey, Any]] = {
    "build": (BuildKey("kiro-build:1"), {}),
    "queue": (QueuedKey("token"), {"since": NOW}),
    "alarm": (WatchKey("production", STAGE), WatchFacts(ENVIRONMENT, NOW, [], NOTHING_ACCEPTED)),
    "step": (WatchKey("production", STAGE), WatchFacts(ENVIRONMENT, NOW, [], NOTHING_ACCEPTED, paused=SERVICE)),
    "quiet": (AlarmsKey("production", STAGE), AlarmsFacts(ENVIRONMENT, NOW, NOTHING_ACCEPTED)),
    "freeze": (UnfreezeKey("production", STAGE), Held(DEPLOYMENT, "acme/hello-service", None, NOW)),
    "rollout": (RolloutKey("production", STAGE), RolloutFacts(ENVIRONMENT, SERVICE, Rollout("underway", "2", 10))),
}
TEXTS = {
    "build": "waits for the build kiro-build",
    "queue": "waits for a place in the account's build queue",
    "alarm": "waits for the alarms of production to stay quiet until 2026-01-31 08:00 UTC",
    "step": "waits for the alarms of the step of hello in production to stay quiet until 2026-01-31 08:00 UTC",
    "quiet": "waits for the critical alarms of production to leave ALARM until 2026-01-31 08:00 UTC",
    "freeze": "waits for the unfreeze of production: Ada froze it at 2026-01-31 08:00 UTC: the fair",
    "rollout": "waits for AWS to roll out hello in production, 10 % so far",
}


@pytest.fixture
def stage(stack: Stack) -> str:
    """A deployment whose stage of production runs; returns the ARN of the stage."""
    main = stack.execution("deployment", DEPLOYMENT)
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, main, "push")
    deployments.enter(DEPLOYMENT, "production", "running")
    return stack.execution("stage", STAGE)


def why(stack: Stack, **changes: Any) -> Any:
    """What the deployment waits for now."""
    record = DeploymentsTable.connect(stack.clients).get(DEPLOYMENT)
    assert record
    return Why.connect(stack.clients).of_deployment(record, [environment(**changes)])


@pytest.mark.parametrize("kind", FACTS)
def test_every_stored_wait_is_said(stack: Stack, stage: str, kind: str) -> None:
    """Whatever the stage stored, in the words of the domain."""
    key, facts = FACTS[kind]
    EnvironmentsTable.connect(stack.clients).freeze("production", Freeze("the fair", "Ada", NOW))
    WaitsTable.connect(stack.clients).store(Wait(key, "token", stage, "production", encode(facts)), datetime.now(UTC))
    assert why(stack).text == TEXTS[kind]


def test_an_open_request_is_what_is_waited_for(stack: Stack, stage: str) -> None:
    """One that is decided is not."""
    approval = ask(stack)
    waits = WaitsTable.connect(stack.clients)
    wait = next(one for one, _ in waits.open() if one)
    waits.store(Wait(wait.key, wait.token, stage, "production"), datetime.now(UTC))
    found = why(stack)
    assert (found.kind, found.since, found.until) == ("approval", approval.requested_at, approval.expires_at)


def test_a_place_in_the_queue_of_a_lock_is_said(stack: Stack, stage: str) -> None:
    """With its owner; the lock's owner itself waits for nothing."""
    locks, owner = LocksTable.connect(stack.clients), stack.execution("stage", "main-1-production")
    for execution, deployment in ((owner, "main-1"), (stage, DEPLOYMENT)):
        locks.request("environment/production", Contender(execution, deployment, Order(1, 1), "release 1"))
    assert why(stack).text.startswith("waits for the lock of production: main-1 (release 1) has it since ")


def test_a_closed_window_is_said_with_its_end(stack: Stack, stage: str) -> None:
    """Calculated from the settings: the state of the workflow stores no wait."""
    now = datetime.now(UTC)
    begins, ends = iso(now - timedelta(days=1)), iso(now + timedelta(days=1))
    DeploymentsTable.connect(stack.clients).note_known(DEPLOYMENT, status="waiting for a window")
    found = why(stack, freezes=[Closed(begins, ends, "holidays")])
    assert (found.kind, found.until) == ("window", ends)
    assert "holidays" in found.text


def test_a_soak_is_said_as_it_was_recorded(stack: Stack, stage: str) -> None:
    """The record has the text."""
    words = "waits for a soak before production until 2026-01-31 08:00 UTC: 60 min"
    DeploymentsTable.connect(stack.clients).note_known(DEPLOYMENT, status="waiting for a soak", reason=words)
    assert (why(stack).kind, why(stack).text) == ("soak", words)


def test_what_waits_for_nothing_says_what_it_does(stack: Stack, stage: str) -> None:
    """It runs; or its execution has ended without an outcome; or it has one."""
    assert why(stack).kind == "nothing"
    assert why(stack).text.startswith("runs")
    stack.kill(execution_arn(MACHINES["deployment"], DEPLOYMENT))
    assert why(stack).dead
    DeploymentsTable.connect(stack.clients).conclude(DEPLOYMENT, "restored", "an alarm")
    assert why(stack).text == "has ended: restored: an alarm"


def test_a_rollback_that_waits_is_found(stack: Stack, stage: str) -> None:
    """Its waits are those of another execution, whose name is that of the stage and its kind."""
    DeploymentsTable.connect(stack.clients).enter(DEPLOYMENT, "production", "rolling back")
    back = stack.execution("rollback", f"{STAGE}-full-rollback")
    key, facts = FACTS["quiet"]
    WaitsTable.connect(stack.clients).store(Wait(key, "token", back, "production", encode(facts)), datetime.now(UTC))
    assert why(stack).text == TEXTS["quiet"]


def test_an_item_in_work_waits_for_the_agent_or_for_its_branch(stack: Stack) -> None:
    """The lock of the branch may be another execution's."""
    mine, other = (stack.execution("work_item", name) for name in ("7-greet-1", "8-greet-1"))
    record, reader = (
        Record("PVTI_1", "running", 1, execution=mine, branch="branch/a", item=ITEM),
        Why.connect(stack.clients),
    )
    WaitsTable.connect(stack.clients).store(Wait(BuildKey("kiro-worker:1"), "t", mine), datetime.now(UTC))
    assert reader.of_item(record).text == "waits for the agent: attempt 1 at acme/hello-service#7"
    assert reader.of_item(Record("PVTI_1", "waiting", item=ITEM)).kind == "GitHub"
    for execution in (other, mine):
        contender = Contender(execution, "8-greet-1", None, "another item")
        LocksTable.connect(stack.clients).request("branch/a", contender)
    assert reader.of_item(record).kind == "lock"
