"""AcquireLock: acquired, waiting, superseded or frozen."""

from typing import Any, Literal

import pytest
from msgspec.structs import replace

from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze
from functions.domain.locks import Lease
from functions.domain.order import Mark, Order
from functions.domain.pins import Pin
from functions.domain.records import PlannedChange
from functions.handler import decode
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE, SERVICE, state, version
from tests.functions.stack import Stack

NEWER = replace(RELEASE, commit="f" * 40, order=Order(1, 11))


PASSAGES = [
    ("passed", False, "superseded"),
    ("arrived", True, "superseded"),
    ("arrived", False, "acquired"),
]


def request_lock(stack: Stack, execution: str, **changes: Any) -> Any:
    """Run the handler for an execution."""
    wanted = {
        "deploymentId": DEPLOYMENT,
        "execution": execution,
        "environment": "production",
        "release": RELEASE,
        "reason": "release 1a2b3c4d5e6f",
    }
    return stack.run("shared.acquire_lock", {**wanted, **changes})


def freeze(stack: Stack) -> None:
    """Freeze production."""
    EnvironmentsTable.connect(stack.clients).freeze("production", Freeze("a rollback ended unknown", "Ada", NOW))


def test_a_free_environment_is_acquired(stack: Stack) -> None:
    """The output has the lease, and the record has the status."""
    execution = stack.execution("stage", "one")
    got = request_lock(stack, execution)
    assert got["outcome"] == "acquired"
    assert got["lease"] == {
        "key": "environment/production",
        "execution": execution,
        "fence": 1,
        "repository": RELEASE.repository,
    }
    record = stack.deployment()
    assert (record["environment"], record["status"]) == ("production", "running")


def test_a_repeated_request_changes_nothing(stack: Stack) -> None:
    """A retry finds the execution's own lock, with the same number."""
    execution = stack.execution("stage", "one")
    assert request_lock(stack, execution) == request_lock(stack, execution)


def test_a_held_environment_is_waited_for(stack: Stack) -> None:
    """The reason names the owner, its reason and the time."""
    owner, waiter = stack.execution("stage", "one"), stack.execution("stage", "two")
    request_lock(stack, owner)
    got = request_lock(stack, waiter)
    assert (got["outcome"], got["lease"]) == ("waiting", None)
    for words in (
        "waits for the lock of production: ",
        f"{DEPLOYMENT} (release 1a2b3c4d5e6f) has it since",
    ):
        assert words in got["reason"]
    assert request_lock(stack, waiter) == got
    assert stack.deployment()["status"] == "waiting"


def test_the_lock_of_a_dead_execution_is_taken(stack: Stack) -> None:
    """No lock outlives its execution."""
    owner = stack.execution("stage", "one")
    request_lock(stack, owner)
    stack.kill(owner)
    got = request_lock(stack, stack.execution("stage", "two"))
    assert got["outcome"] == "acquired"
    assert decode(Lease, got["lease"]).fence == 2


def test_an_older_release_is_superseded_by_the_one_that_holds_the_lock(stack: Stack) -> None:
    """P3: it does not join the queue."""
    request_lock(stack, stack.execution("stage", "new"), release=NEWER)
    got = request_lock(stack, stack.execution("stage", "old"))
    assert got["outcome"] == "superseded"
    assert "newer release" in got["reason"]


def test_an_older_release_is_superseded_by_the_one_that_runs(stack: Stack) -> None:
    """P3: a late approval does not replace a newer release with an older one."""
    running = version(NEWER.commit, "2", order=NEWER.order)
    execution = stack.execution("stage", "old")
    EnvironmentsTable.connect(stack.clients).save(state(SERVICE, running), Lease("environment/production", "x", 1))
    got = request_lock(stack, execution)
    assert got["outcome"] == "superseded"
    assert "already runs ffffffffffff of hello" in got["reason"]
    assert request_lock(stack, execution, rollback=True)["outcome"] == "acquired"


@pytest.mark.parametrize(("how", "alive", "outcome"), PASSAGES)
def test_an_older_release_does_not_enter_after_a_newer_one(
    stack: Stack, how: Literal["arrived", "passed"], alive: bool, outcome: str
) -> None:
    """P3: not after one that passed; one that only arrived keeps it out until it is rejected or fails."""
    newer = stack.execution("deployment", "main-2")
    if not alive:
        stack.kill(newer)
    mark = Mark(Order(1, 11), "main-2", NEWER.commit, newer)
    EnvironmentsTable.connect(stack.clients).note_passage("production", RELEASE.repository, mark, how)
    got = request_lock(stack, stack.execution("stage", "old"))
    assert got["outcome"] == outcome
    if outcome == "superseded":
        word = {"arrived": "reached", "passed": "passed"}[how]
        assert got["reason"] == f"the newer release ffffffffffff (main-2) has {word} production"
    other = replace(RELEASE, repository="acme/other", order=Order(1, 1))
    assert request_lock(stack, stack.execution("stage", "theirs"), release=other)["outcome"] != "superseded"


@pytest.mark.parametrize("newer_at", ["2026-01-31T06:50:00+00:00", "2026-01-31T07:00:00+00:00"])
def test_the_clock_of_a_committer_orders_nothing(stack: Stack, newer_at: str) -> None:
    """P14: not if the older commit comes from a laptop ten minutes fast, nor if both were made in one second."""
    request_lock(stack, stack.execution("stage", "old"))
    newer = replace(NEWER, committed_at=newer_at)
    assert request_lock(stack, stack.execution("stage", "new"), release=newer)["outcome"] == "waiting"


def test_releases_without_an_order_are_not_compared(stack: Stack) -> None:
    """A release that began before an update neither supersedes nor is superseded; it waits."""
    request_lock(stack, stack.execution("stage", "one"), release=NEWER)
    without = replace(RELEASE, order=None)
    assert request_lock(stack, stack.execution("stage", "two"), release=without)["outcome"] == "waiting"


def test_a_lock_of_an_earlier_version_is_read(stack: Stack) -> None:
    """Its owner was ordered by the time of a commit, which is no order."""
    owner = stack.execution("stage", "one")
    request_lock(stack, owner)
    stack.table("locks").update_item(
        Key={"lockKey": "environment/production"},
        UpdateExpression="SET #owner.#order = :time",
        ExpressionAttributeNames={"#owner": "owner", "#order": "order"},
        ExpressionAttributeValues={":time": "2030-01-01T00:00:00+00:00"},
    )
    assert request_lock(stack, stack.execution("stage", "two"))["outcome"] == "waiting"


def test_another_repository_is_neither_older_nor_newer(stack: Stack) -> None:
    """Releases of different repositories have no order."""
    running = version(NEWER.commit, "2", order=NEWER.order, source="sources/acme/other/x.zip")
    EnvironmentsTable.connect(stack.clients).save(state(SERVICE, running), Lease("environment/production", "x", 1))
    assert request_lock(stack, stack.execution("stage", "one"))["outcome"] == "acquired"


def test_a_frozen_environment_admits_no_release(stack: Stack) -> None:
    """R5: the reason says since when, by whom and why; the lock is not requested."""
    freeze(stack)
    got = request_lock(stack, stack.execution("stage", "one"))
    assert got["outcome"] == "frozen"
    assert f"frozen since {NOW} by Ada: a rollback ended unknown" in got["reason"]
    assert not stack.items("locks")


def test_a_rollback_enters_a_frozen_environment(stack: Stack) -> None:
    """A freeze does not stop rollbacks."""
    freeze(stack)
    assert request_lock(stack, stack.execution("rollback", "one"), rollback=True)["outcome"] == "acquired"


OTHER = replace(RELEASE, repository="acme/other", order=Order(1, 1))


@pytest.mark.parametrize("mode", ["superseded", "queued"])
def test_repositories_wait_for_one_another(stack: Stack, mode: str) -> None:
    """One at a time in an environment, although neither is older."""
    stack.settings["LOCK_MODE"] = mode
    request_lock(stack, stack.execution("stage", "one"), release=NEWER)
    assert request_lock(stack, stack.execution("stage", "two"), release=OTHER)["outcome"] == "waiting"


def test_in_parallel_mode_each_repository_has_its_own_lock(stack: Stack) -> None:
    """Repositories enter side by side; releases of one wait for each other."""
    stack.settings["LOCK_MODE"] = "parallel"
    ours = request_lock(stack, stack.execution("stage", "one"), release=NEWER)
    theirs = request_lock(stack, stack.execution("stage", "two"), release=OTHER)
    assert (ours["outcome"], theirs["outcome"]) == ("acquired", "acquired")
    assert [one["lease"]["key"] for one in (ours, theirs)] == [
        "environment/production/acme/hello-service",
        "environment/production/acme/other",
    ]
    newest = replace(NEWER, order=Order(1, 12))
    assert request_lock(stack, stack.execution("stage", "three"), release=newest)["outcome"] == "waiting"
    assert request_lock(stack, stack.execution("stage", "four"))["outcome"] == "superseded"


def test_a_release_of_a_pinned_part_gives_the_lock_up(stack: Stack) -> None:
    """R14: the pin came while it waited for the lock; a rollback enters, because a person or an alarm wants it."""
    DeploymentsTable.connect(stack.clients).note(DEPLOYMENT, planned_production=PlannedChange((SERVICE,)))
    pin = Pin("production", "hello", "errors", "ada", NOW)
    EnvironmentsTable.connect(stack.clients).pin(pin, None)
    got = request_lock(stack, stack.execution("stage", "one"))
    assert (got["outcome"], got["reason"], stack.items("locks")) == ("frozen", pin.describe(), [])
    assert request_lock(stack, stack.execution("rollback", "one"), rollback=True)["outcome"] == "acquired"
