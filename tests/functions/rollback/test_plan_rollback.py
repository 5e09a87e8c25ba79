"""PlanRollback: the ledger in reverse."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.waits_table import WaitsTable
from functions.domain.errors import StaleLeaseError
from functions.domain.locks import Lease
from functions.domain.manifests import Part
from functions.domain.order import Order
from functions.domain.rollback import Compensation
from functions.domain.waits import Wait, read_wait_key
from functions.handler import encode
from tests.functions import builds
from tests.functions.delivered import parts, runs
from tests.functions.samples import COMMAND, DEPLOYMENT, LEASE, NOW, RELEASE, SERVICE, state, version
from tests.functions.stack import Stack

EVENT = {"deploymentId": DEPLOYMENT, "release": RELEASE, "environment": "production", "lease": LEASE}


def note(stack: Stack, *entries: Compensation) -> None:
    """Write a ledger."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    for entry in entries:
        deployments.write_ledger(DEPLOYMENT, entry)


def test_the_last_change_goes_back_first(stack: Stack) -> None:
    """R4, R6: only entries of this environment; a repetition has the same plan."""
    note(
        stack,
        Compensation("production", 0, COMMAND, version(), COMMAND, NOW),
        Compensation("production", 1, SERVICE, version(number="7"), None, NOW),
        Compensation("production", 2, Part("web", "command", "build"), None, None, NOW),
        Compensation("test", 3, SERVICE, version(), SERVICE, NOW),
    )
    plans = [stack.run("rollback.plan_rollback", EVENT) for _ in range(2)]
    assert plans[0] == plans[1]
    assert [(step["part"]["name"], step["to"]["version"]) for step in plans[0]["steps"]] == [
        ("hello", "7"),
        ("infrastructure", "1"),
    ]
    assert plans[0]["steps"][0]["part"] == encode(SERVICE)
    record = stack.deployment()
    assert (record["environment"], record["status"]) == ("production", "rolling back")


def test_what_is_about_to_go_back_is_in_doubt(stack: Stack) -> None:
    """If the rollback dies, only parts of its plan are in doubt."""
    note(stack, Compensation("production", 1, SERVICE, version(), SERVICE, NOW))
    runs(stack, state(running=replace(version(number="2"), deployment_id=DEPLOYMENT), good=version()), state(COMMAND))
    stack.run("rollback.plan_rollback", EVENT)
    assert {name: part.in_doubt for name, part in parts(stack).items()} == {"hello": DEPLOYMENT, "infrastructure": ""}


def test_a_stale_lease_plans_nothing(stack: Stack) -> None:
    """Q1: the parts of a newer lock owner are not marked."""
    note(stack, Compensation("production", 1, SERVICE, version(), SERVICE, NOW))
    runs(stack, state(), lease=Lease(LEASE.key, "newer", 7))
    with pytest.raises(StaleLeaseError):
        stack.run("rollback.plan_rollback", EVENT)
    assert parts(stack)["hello"] == state()


def test_without_a_ledger_there_is_nothing_to_undo(stack: Stack) -> None:
    """A deployment that changed nothing, or an unknown one."""
    assert stack.run("rollback.plan_rollback", EVENT) == {"steps": [], "held": []}


def test_a_part_that_a_newer_release_has_replaced_stays(stack: Stack) -> None:
    """P3: a late rollback of an enhanced watch does not undo a newer release."""
    note(
        stack,
        Compensation("production", 0, COMMAND, version(), COMMAND, NOW),
        Compensation("production", 1, SERVICE, version(number="7"), None, NOW),
    )
    runs(stack, state(SERVICE, version("f" * 40, "9", order=Order(1, 11))), state(COMMAND))
    plan = stack.run("rollback.plan_rollback", EVENT)
    assert [step["part"]["name"] for step in plan["steps"]] == ["infrastructure"]


def test_a_build_whose_start_was_lost_is_stopped(stack: Stack) -> None:
    """R4: it must not change what is restored now."""
    note(stack, Compensation("production", 0, COMMAND, version(), COMMAND, NOW))
    execution, build_id = stack.execution("stage", "s"), builds.start(stack)
    waits = WaitsTable.connect(stack.clients)
    waits.store(Wait(read_wait_key(f"build/{build_id}"), "", execution), datetime.now(UTC))
    plan = stack.run("rollback.plan_rollback", {**EVENT, "startedBy": execution})
    assert len(plan["steps"]) == 1
    assert [call.given["id"] for call in stack.calls if call.action == "codebuild:StopBuild"] == [build_id]
    assert waits.of_execution(execution) == ()


def test_an_irreversible_migration_waits_for_a_person(stack: Stack) -> None:
    """M6: everything else goes back; the reason names the part and the next step."""
    migrated = replace(SERVICE, migration="irreversible")
    note(
        stack,
        Compensation("production", 0, COMMAND, version(), COMMAND, NOW),
        Compensation("production", 1, migrated, version(number="7"), SERVICE, NOW),
        Compensation("production", 2, replace(COMMAND, name="first", migration="irreversible"), None, None, NOW),
    )
    runs(stack, state(running=replace(version(number="8"), deployment_id=DEPLOYMENT), good=version()), state(COMMAND))
    planned = stack.run("rollback.plan_rollback", EVENT)
    assert [step["part"]["name"] for step in planned["steps"]] == ["infrastructure"]
    (why,) = planned["held"]
    assert why.startswith("hello was not rolled back: its migration is declared irreversible")
    assert "`kiro-worker rollback production --reason …` restores it" in why
    assert parts(stack)["hello"].in_doubt == ""
    agreed = stack.run("rollback.plan_rollback", {**EVENT, "agreed": True})
    assert [step["part"]["name"] for step in agreed["steps"]] == ["hello", "infrastructure"]
    assert agreed["held"] == []
