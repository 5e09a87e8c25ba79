"""The figures of docs/scale.md are those of the adapters: what a release leaves, and what an idle minute requests."""

import time
from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from benchmarks.scale.traffic import ROWS, Kept, Traffic
from functions.adapters.clock import Clock
from functions.adapters.deliveries import Deliveries
from functions.adapters.deployments_table import DeploymentsTable
from functions.adapters.environments_table import EnvironmentsTable
from functions.adapters.locks_table import LocksTable
from functions.adapters.notified import Notified
from functions.adapters.records import every
from functions.adapters.waits_table import WaitsTable
from functions.adapters.work_items_table import WorkItemsTable
from functions.domain.approvals import Approval
from functions.domain.locks import Contender, Lease
from functions.domain.order import History, Mark, Order
from functions.domain.reconciliation import Sighting
from functions.domain.records import StageRecord
from functions.domain.releases import Release
from functions.domain.rollback import Compensation
from functions.domain.waits import ApprovalKey, Wait, read_wait_key
from functions.domain.work_items import Item, Record, branch_key
from local.github import LocalGitHub
from local.github.git import Person
from tests.functions import builds
from tests.functions.samples import ENVIRONMENT, NOW, SERVICE, state, version
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY

TABLES = ("deployments", "environments", "locks", "waits")
ENVIRONMENTS = ("test", "staging", "production")


def release_once(stack: Stack, number: int) -> None:
    """Everything that the adapters write for one release of a repository and one item of the board."""
    aws, now = stack.clients, Clock().now()
    commit, name = f"{number:040x}", f"main-81c0b2a3-{number:012x}"
    release = Release(REPOSITORY, "refs/heads/main", commit, "Ada", "ada@example.com", "feat: more", NOW)
    deployments, waits, locks = DeploymentsTable.connect(aws), WaitsTable.connect(aws), LocksTable.connect(aws)
    environments, notified = EnvironmentsTable.connect(aws), Notified.connect(aws)
    Deliveries.connect(aws).remember(f"push {number}".encode(), f"delivery-{number}", name)
    waits.save_sighting(REPOSITORY, Sighting(commit, NOW))
    execution = stack.execution("deployment", name)
    deployments.save_history(REPOSITORY, History(commit, Order(1, number)), deployments.history(REPOSITORY))
    deployments.begin(name, release, execution, "push")
    for place, environment in enumerate(ENVIRONMENTS):
        stage = stack.execution("stage", f"{name}-{environment}")
        result = locks.request(locks.key(environment, REPOSITORY), Contender(stage, name, None, "deploys"))
        lease = result.lease or Lease("", "", 0)
        deployments.write_ledger(name, Compensation(environment, place, SERVICE, version(), SERVICE, NOW))
        for key in (f"build/{name}-{place}", f"watch/{environment}/{name}"):
            waits.store(Wait(read_wait_key(key), "t" * 600, stage, environment), now)
            waits.forget(read_wait_key(key))
        environments.save(replace(state(SERVICE, version(commit)), environment=environment), lease)
        environments.note_passage(environment, REPOSITORY, Mark(Order(1, number), name, commit, execution), "passed")
        deployments.note_passed(environment, release, name)
        deployments.note_stage(name, environment, StageRecord("passed", "well", NOW, NOW))
        locks.release(locks.key(environment, REPOSITORY), stage)
    asked = Approval(f"a{number}", "deploy", name, "production", {"title": "x" * 200}, ["h" * 64], NOW, NOW, NOW)
    waits.save_approval(asked, now)
    waits.store(Wait(ApprovalKey(asked.approval_id), "t" * 600, execution, ENVIRONMENT.name), now)
    waits.decide(replace(asked, state="approved"))
    deployments.conclude(name, "deployed", "well")
    for event in range(len(ENVIRONMENTS) + 3):
        for channel in ("mail", "slack"):
            notified.note(f"{number}-{event}", channel)
    item = Item(f"PVTI_{number}", "issue", "Greet", f"kiro/{number}", NOW, NOW, REPOSITORY, number)
    key, work = branch_key(REPOSITORY, item.branch), stack.execution("work_item", f"w{number}")
    locks.request(key, Contender(work, "w", None, "works"))
    locks.release(key, work)
    WorkItemsTable.connect(aws).save(Record(item.item_id, "done", item=item))


def rows(stack: Stack) -> dict[tuple[str, str], dict[str, Any]]:
    """All rows by table and key."""
    keys = {"deployments": ["deploymentId"], "environments": ["environment", "part"], "locks": ["lockKey"]}
    found = {
        (name, "/".join(str(row[key]) for key in keys.get(name, ["waitKey"]))): row
        for name in TABLES
        for row in stack.items(name)
    }
    items = every(stack.clients.table("WORK_ITEMS_TABLE"), "scan")
    return found | {("work-items", row["itemId"]): row for row in items}


def test_a_release_leaves_the_rows_of_the_simulation(stack: Stack) -> None:
    """A row that the second release adds expires, and after so many days; all others were there after the first."""
    release_once(stack, 1)
    before = set(rows(stack))
    release_once(stack, 2)
    added = {key: row for key, row in rows(stack).items() if key not in before}
    found: Counter[tuple[str, int]] = Counter()
    for (table, key), row in added.items():
        assert "expiresAt" in row, f"{table} {key} never expires"
        found[table, round((int(row["expiresAt"]) - time.time()) / 86_400)] += 1
    one = Traffic(repositories=1, releases=1, items=1)
    expected: Counter[tuple[str, int]] = Counter()
    for kind in ROWS:
        expected[kind.where, kind.days or 0] += kind.a_day(one)
    assert found == expected


def test_a_row_is_no_larger_than_simulated(stack: Stack) -> None:
    """As DynamoDB counts: the bytes of names and values."""
    release_once(stack, 1)
    largest: dict[str, int] = {}
    for (table, _), row in rows(stack).items():
        if "expiresAt" in row:
            largest[table] = max(largest.get(table, 0), len(str(row)))
    kinds: dict[str, list[Kept]] = {}
    for kind in ROWS:
        kinds.setdefault(kind.where, []).append(kind)
    assert {table: size for table, size in largest.items() if size > max(one.size for one in kinds[table])} == {}


@pytest.mark.parametrize("count", [1, 4])
def test_an_idle_minute_costs_what_is_simulated(stack: Stack, hub: LocalGitHub, count: int) -> None:
    """One query for all heads, no REST request, and two rows for each repository in two reads, beside a few for all."""
    names = [REPOSITORY, *(f"acme/more-{number}" for number in range(1, count))]
    for name in names:
        repository = hub.store.repositories.get(name) or hub.create_repository(name)
        repository.git.commit_file("main", "a", b"1", "docs: words [skip ci]", Person("Ada", "ada@example.com", 1))
    stack.settings |= {"REPOSITORIES": ",".join(names), "BUILD_PROJECTS": builds.BEGIN}
    builds.create_project(stack)
    for _ in range(2):
        stack.run("events.reconcile", {})
    hub.requests.clear()
    hub.store.graphql.documents.clear()
    stack.calls.clear()
    stack.run("events.reconcile", {})
    assert hub.store.graphql.documents == ["Heads"]
    assert [path for _, path in hub.requests if not path.endswith("/graphql")] == []
    reads = Counter(call.action for call in stack.calls if call.action.startswith("dynamodb:"))
    asked = [call.given["RequestItems"] for call in stack.calls if call.action == "dynamodb:BatchGetItem"]
    assert sum(len(keys["Keys"]) for tables in asked for keys in tables.values()) == 2 * count
    assert len(asked) == 2
    assert sum(reads.values()) <= 12 + 2  # what local/strict leaves unprocessed in each batch
    assert reads["dynamodb:Scan"] == 1  # of the locks, which are a few
